/** Keeping an engine's rules as a control plane has them. */

import { randomBytes } from 'node:crypto';
import type { ServiceReport } from './contract';
import type { ControlPlaneSource } from './controlplane';
import { CLOSED, codeError, cold, type SergoError, text } from './error';
import { json } from './json';
import { Keeping, read } from './lastgood';
import { tell } from './listener';
import { native, type Turned } from './native';
import type { Report } from './report';
import type { SubscribeOptions } from './subscription';
import { type Happening, Transport } from './transport';

/** A subscription to a control plane at one moment. */
export interface ControlPlaneState {
  /** What it does about its connection: it waits to dial again, dials, is connected, or has ended. */
  readonly phase: 'waiting' | 'dialing' | 'connected' | 'ended';
  /** The address of the connection, or of the next try. */
  readonly address: string;
  /** Its name on this stream; empty without one. */
  readonly identifier: string;
  /** Who serves, as far as it has said. */
  readonly controlPlane: string;
  /** Since when it is connected; undefined while it is not. */
  readonly connectedSince: Date | undefined;
  /** When the last push that counted came; undefined before the first. */
  readonly lastPush: Date | undefined;
  /** How many times it has waited to dial since something good came. */
  readonly failures: number;
  /** What went wrong last; it stays after it is over. Undefined where nothing has. */
  readonly lastError: string | undefined;
  /** Whether on this stream each subscription has been answered, and what came is in force. */
  readonly isSynced: boolean;
  /** Each subscription. */
  readonly subscriptions: readonly KindState[];
}

/** The subscription to one kind of document for one app. */
export interface KindState {
  readonly app: string;
  /** As in `traffic.opensergo.io/v1alpha1/TrafficRouter`. */
  readonly kind: string;
  /** The version of the last push; undefined before the first. */
  readonly version: number | undefined;
  /** How many documents are in force, or wait to be. */
  readonly documents: number;
  /** Whether anything has come for it on this stream. */
  readonly isAnswered: boolean;
  /** Why the control plane does not serve it; undefined where it does. */
  readonly refused: string | undefined;
}

const FIRST_RULES_MS = 5000;
const LONGEST_MS = 2 ** 31 - 1;
const TIME: Happening = { what: 0, stream: 0 };

/** Who waits for a state. */
interface Waiter {
  readonly holds: (state: ControlPlaneState) => boolean;
  readonly resolve: (state: ControlPlaneState) => void;
}

/**
 * An engine's rules, kept as a control plane has them, through lost connections
 * and restarts: the last rules stay in force until others come. Until it is closed
 * it keeps the process alive.
 */
export class ControlPlaneSubscription {
  /** The addresses that are subscribed to. */
  readonly path: string;
  /**
   * Resolves when the first rules are in force, or the time for them is over, or
   * it is closed; never rejects. `state.isSynced` says which.
   */
  readonly ready: Promise<void>;
  readonly #session: number;
  readonly #transport: Transport;
  readonly #options: SubscribeOptions;
  readonly #applied: () => void;
  readonly #keeping: Keeping | undefined;
  readonly #waiters = new Set<Waiter>();
  #happened: Happening[] = [];
  #turning = false;
  #timer: NodeJS.Timeout | undefined;
  #report: Report | undefined;
  #error: Error | undefined;
  /** The engine's app. */
  readonly #app: string;
  /** The last state, once it is closed. */
  #last: ControlPlaneState | undefined;

  /** @internal Use {@link Engine.subscribe}. */
  constructor(handle: number, source: ControlPlaneSource, options: SubscribeOptions, applied: () => void) {
    const { addresses, options: given } = source;
    const { labels, kinds, services, lastGood, firstRulesTimeoutMs = FIRST_RULES_MS } = given;
    this.path = source.path;
    this.#options = options;
    this.#applied = applied;
    this.#transport = new Transport(given, (happening) => this.#hear(happening));
    const seed = Number(randomBytes(8).readBigUInt64LE() >> 11n);
    this.#session = cold(() => native.sessionOpen(handle, json({ addresses, labels, kinds, services }), seed));
    if (lastGood !== undefined) {
      this.#keeping = new Keeping(lastGood, (error) => this.#fail(`${lastGood} can't be written`, error));
      this.#restore(lastGood);
    }
    this.#app = this.state.subscriptions[0]?.app ?? '';
    // What was kept is in force when this returns.
    this.#take(native.sessionTurnNow(this.#session, [TIME], false));
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), Math.min(firstRulesTimeoutMs, LONGEST_MS));
    this.ready = this.until(({ isSynced }) => isSynced, { signal: patience.signal })
      .catch(() => {})
      .then(() => clearTimeout(timer));
  }

  /** The report of the last rules that were put in force; undefined while there were none. */
  get report(): Report | undefined {
    return this.#report;
  }

  /** What went wrong last, with the connection or the file of the last good rules; it stays after it is over. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Whether it is closed. */
  get closed(): boolean {
    return this.#last !== undefined;
  }

  /** What it is doing. */
  get state(): ControlPlaneState {
    return this.#last ?? stateOf(cold(() => native.sessionState(this.#session)));
  }

  /**
   * Resolves when `holds` is true of the state: now, or after something happens. Once it is closed the last
   * state is all that it resolves with.
   *
   * @throws The signal's reason when it aborts.
   */
  until(
    holds: (state: ControlPlaneState) => boolean,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<ControlPlaneState> {
    return new Promise((resolve, reject) => {
      const state = this.state;
      if (this.closed || holds(state)) {
        resolve(state);
        return;
      }
      signal?.throwIfAborted();
      const leave = () => {
        this.#waiters.delete(waiter);
        signal?.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter = {
        holds,
        resolve: (state) => {
          leave();
          resolve(state);
        },
      };
      const onAbort = () => {
        leave();
        reject(signal?.reason);
      };
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', onAbort);
    });
  }

  /**
   * Subscribes to one more kind for an app; false where there are too many.
   *
   * @param kind As in `traffic.opensergo.io/v1alpha1/TrafficRouter`.
   * @throws SergoError `closed`.
   */
  subscribe(app: string, kind: string): boolean {
    return this.#change(native.sessionSubscribe, app, kind);
  }

  /**
   * Ends the subscription to a kind for an app: its rules go. False where there was none.
   *
   * @throws SergoError `closed`.
   */
  unsubscribe(app: string, kind: string): boolean {
    return this.#change(native.sessionUnsubscribe, app, kind);
  }

  /**
   * Tells the control plane of the moment which services this process offers.
   *
   * @throws SergoError `argument` for another report; `closed`.
   * @throws What gRPC fails with.
   */
  async reportServices({ node, services }: ServiceReport): Promise<void> {
    const { address } = this.state;
    if (this.closed) {
      throw codeError(CLOSED);
    }
    const message = cold(() => native.metadataMessage(this.#app, node === undefined ? '' : json(node), json(services)));
    await this.#transport.ask(address, native.metadataMethod(), message);
  }

  /** Ends the stream and dials no more. The rules stay in force. Closing twice does nothing. */
  close(): void {
    if (this.closed) {
      return;
    }
    let last: ControlPlaneState | undefined;
    try {
      last = this.state;
    } catch {
      // The engine is poisoned, or closed elsewhere.
    }
    this.#last = { ...NEVER, ...last, phase: 'ended', connectedSince: undefined, isSynced: false };
    clearTimeout(this.#timer);
    this.#transport.closeAll();
    try {
      native.sessionClose(this.#session);
    } catch {
      // Its engine's thread has ended.
    }
    for (const { resolve } of [...this.#waiters]) {
      resolve(this.#last);
    }
  }

  /** As {@link ControlPlaneSubscription.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  #change(change: (session: number, app: string, kind: string) => boolean, app: string, kind: string): boolean {
    text('app', app);
    text('kind', kind);
    if (this.closed) {
      throw codeError(CLOSED);
    }
    const isChanged = cold(() => change(this.#session, app, kind));
    this.#hear(TIME);
    return isChanged;
  }

  #restore(path: string): void {
    try {
      const saved = read(path);
      const why = saved && cold(() => native.sessionRestore(this.#session, saved));
      if (why) {
        throw new Error(why);
      }
    } catch (error) {
      this.#fail(`${path} can't be restored`, error);
    }
  }

  #hear(happening: Happening): void {
    this.#happened.push(happening);
    void this.#turn();
  }

  /** Hands in what has happened, all at once, and does what is to be done; one turn at a time. */
  async #turn(): Promise<void> {
    if (this.#turning) {
      return;
    }
    this.#turning = true;
    try {
      while (this.#happened.length > 0 && !this.closed) {
        const happenings = this.#happened;
        this.#happened = [];
        const turned = await native.sessionTurn(this.#session, happenings, this.#keeping !== undefined);
        if (!this.closed) {
          this.#take(turned);
        }
      }
    } finally {
      this.#turning = false;
    }
  }

  #take({ code, doings, waitMs, saved }: Turned): void {
    for (const { what, stream, text, bytes } of doings) {
      switch (what) {
        case 'dial':
          void this.#transport.dial(stream, text);
          break;
        case 'send':
          this.#transport.send(stream, bytes as Uint8Array);
          break;
        case 'close':
          this.#transport.close(stream);
          break;
        case 'applied':
          this.#report = JSON.parse(text) as Report;
          this.#applied();
          tell(this.#options.onReport, this.#report);
          break;
      }
    }
    if (saved) {
      void this.#keeping?.keep(saved);
    }
    // A listener may have closed it.
    if (this.closed) {
      return;
    }
    if (code !== 0) {
      const error: SergoError = codeError(code);
      this.#fail('the subscription has ended', error);
      this.close();
      return;
    }
    this.#look();
    clearTimeout(this.#timer);
    if (Number.isFinite(waitMs)) {
      this.#timer = setTimeout(() => this.#hear(TIME), Math.min(Math.ceil(waitMs), LONGEST_MS));
    }
  }

  /** Tells those who wait, and of what went wrong. */
  #look(): void {
    const { state } = this;
    if (state.lastError !== undefined) {
      this.#fail(state.lastError);
    }
    for (const { holds, resolve } of [...this.#waiters]) {
      if (holds(state)) {
        resolve(state);
      }
    }
  }

  /** Remembers what went wrong, and tells it once for each new reason. */
  #fail(what: string, cause?: unknown): void {
    const why = cause instanceof Error ? `: ${cause.message}` : '';
    const error = new Error(`${this.path}: ${what}${why}`, { cause });
    if (this.#error?.message !== error.message) {
      this.#error = error;
      tell(this.#options.onError, error);
    }
  }
}

const NEVER: ControlPlaneState = {
  ...{ phase: 'ended', address: '', identifier: '', controlPlane: '', connectedSince: undefined, lastPush: undefined },
  ...{ failures: 0, lastError: undefined, isSynced: false, subscriptions: [] },
};

function stateOf(text: string): ControlPlaneState {
  const { connectedFor, lastPushAgo, lastError, subscriptions, ...state } = JSON.parse(text);
  const { phase, address, identifier, controlPlane, failures, isSynced } = state;
  const now = Date.now();
  const since = (nanos: number | null) => (nanos === null ? undefined : new Date(now - nanos / 1e6));
  return {
    ...{ phase, address, identifier, controlPlane, failures, isSynced },
    connectedSince: since(connectedFor),
    lastPush: since(lastPushAgo),
    lastError: lastError === '' ? undefined : lastError,
    subscriptions: subscriptions.map(({ app, kind, version, documents, isAnswered, refused }: KindState) => ({
      ...{ app, kind, documents, isAnswered },
      version: version ?? undefined,
      refused: refused ?? undefined,
    })),
  };
}
