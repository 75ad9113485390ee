/** The streams to a control plane: gRPC that carries bytes as they are. */

import type * as Grpc from '@grpc/grpc-js';
import type { ControlPlaneOptions } from './controlplane';
import { SergoError } from './error';

/** Something that has happened on a stream, as the addon takes it. */
export interface Happening {
  /** 0: time has passed; 1: it is connected; 2: a message has come; 3: it has ended. */
  readonly what: 0 | 1 | 2 | 3;
  readonly stream: number;
  readonly bytes?: Uint8Array;
  readonly reason?: string;
}

const SUBSCRIBE = '/io.opensergo.proto.transport.v1.OpenSergoUniversalTransportService/SubscribeConfig';

/** Each stream has a connection of its own, which the session alone makes again. */
const CHANNEL = {
  'grpc.max_receive_message_length': 64 << 20,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
};

/** Loads gRPC, which is there only where it is wanted. */
function load(): typeof Grpc {
  try {
    return require('@grpc/grpc-js');
  } catch (cause) {
    throw new SergoError(
      'argument',
      'rules from a control plane need the package @grpc/grpc-js: npm install @grpc/grpc-js',
      {
        cause,
      },
    );
  }
}

interface Line {
  readonly client: Grpc.Client;
  call?: Grpc.ClientDuplexStream<Buffer, Buffer>;
}

const same = (bytes: Buffer) => bytes;

/** gRPC's reason without the moment, so that the same reason reads the same, and without an empty note. */
const plain = (reason: string) => reason.replace(/\s*\(\d{4}-[\dT:.-]+Z\)/g, '').replace(/\s*Resolution note:\s*$/, '');

/** @internal */
export class Transport {
  readonly #grpc = load();
  readonly #options: ControlPlaneOptions;
  readonly #happened: (happening: Happening) => void;
  readonly #lines = new Map<number, Line>();

  constructor(options: ControlPlaneOptions, happened: (happening: Happening) => void) {
    this.#options = options;
    this.#happened = happened;
  }

  async dial(stream: number, address: string): Promise<void> {
    try {
      const line: Line = { client: this.#client(address) };
      this.#lines.set(stream, line);
      const metadata = await this.#metadata();
      // It may have been closed meanwhile.
      if (this.#lines.get(stream) === line) {
        this.#open(stream, line, metadata);
      }
    } catch (error) {
      this.#ended(stream, (error as Error).message);
    }
  }

  send(stream: number, bytes: Uint8Array): void {
    this.#lines.get(stream)?.call?.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  close(stream: number): void {
    const line = this.#lines.get(stream);
    this.#lines.delete(stream);
    line?.call?.cancel();
    line?.client.close();
  }

  closeAll(): void {
    for (const stream of [...this.#lines.keys()]) {
      this.close(stream);
    }
  }

  /** Makes one call of another method. */
  async ask(address: string, method: string, message: Uint8Array): Promise<Uint8Array> {
    const client = this.#client(address);
    try {
      const metadata = await this.#metadata();
      return await new Promise((resolve, reject) => {
        const deadline = Date.now() + 20_000;
        client.makeUnaryRequest(method, same, same, Buffer.from(message), metadata, { deadline }, (error, answer) =>
          error ? reject(error) : resolve(answer ?? Buffer.alloc(0)),
        );
      });
    } finally {
      client.close();
    }
  }

  #open(stream: number, line: Line, metadata: Grpc.Metadata): void {
    const { client } = line;
    line.call = client.makeBidiStreamRequest(SUBSCRIBE, same, same, metadata);
    line.call.on('data', (bytes: Buffer) => this.#happened({ what: 2, stream, bytes }));
    line.call.on('error', ({ message }: Error) => this.#ended(stream, plain(message)));
    line.call.on('end', () => this.#ended(stream, 'the control plane ended it'));
    const channel = client.getChannel();
    const look = () => {
      if (this.#lines.get(stream) !== line) {
        return;
      }
      const state = channel.getConnectivityState(true);
      if (state === this.#grpc.connectivityState.READY) {
        this.#happened({ what: 1, stream });
      } else {
        // However long it takes: the session has a patience of its own.
        channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, look);
      }
    };
    look();
  }

  #ended(stream: number, reason: string): void {
    if (this.#lines.has(stream)) {
      this.close(stream);
      this.#happened({ what: 3, stream, reason });
    }
  }

  #client(address: string): Grpc.Client {
    const { tls, keepAliveMs = 20_000 } = this.#options;
    const { roots, certificate, key, serverName } = typeof tls === 'object' ? tls : {};
    const pem = (text: string | Uint8Array | undefined) => (text === undefined ? null : Buffer.from(text as string));
    const credentials = tls
      ? this.#grpc.credentials.createSsl(pem(roots), pem(key), pem(certificate))
      : this.#grpc.credentials.createInsecure();
    const name = serverName && { 'grpc.ssl_target_name_override': serverName, 'grpc.default_authority': serverName };
    // Pings notice a connection that is dead without having said so.
    const pings = { 'grpc.keepalive_time_ms': keepAliveMs, 'grpc.keepalive_timeout_ms': Math.min(keepAliveMs, 10_000) };
    return new this.#grpc.Client(address, credentials, { ...CHANNEL, ...pings, ...name });
  }

  async #metadata(): Promise<Grpc.Metadata> {
    const metadata = new this.#grpc.Metadata();
    const { metadata: given = {}, token } = this.#options;
    for (const [name, value] of Object.entries(typeof given === 'function' ? await given() : given)) {
      metadata.set(name, value);
    }
    if (token !== undefined) {
      metadata.set('authorization', `Bearer ${typeof token === 'function' ? await token() : token}`);
    }
    return metadata;
  }
}
