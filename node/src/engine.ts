/** The engine: rules in, decisions out. */

import { directed, NOWHERE, settled } from './answer';
import { type Block, type BlockDetails, BlockedError, type StrategyKind } from './block';
import { Entry, type WaitOptions } from './entry';
import { argumentError, codeError, cold, STALE, text } from './error';
import type { BreakerState, Event, Figures } from './figures';
import { type Clock, Link } from './link';
import { native } from './native';
import { pack } from './packed';
import { Remembered } from './remembered';
import type { Report, RuleText } from './report';
import type { Instance, RouteRequest, Routing } from './routing';
import type { FileSource } from './source';
import { type SubscribeOptions, Subscription } from './subscription';
import { BLOCK, COST, FLAG, nanosAt, RESOURCE, RETRY, WAIT, words } from './words';

/** Whose rules an engine enforces. */
export interface EngineOptions {
  /** The app; rules for others do nothing here. */
  readonly app: string;
  /** The namespace; `default` by default. */
  readonly namespace?: string | undefined;
  /** The labels of the workload that the engine runs in; none by default. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** A clock of your own, for tests; the system's monotonic clock by default. */
  readonly clock?: Clock | undefined;
}

/** Names an engine to another thread of this process, see {@link Engine.share}. */
export interface SharedEngine {
  /** The number by which the addon knows it. */
  readonly handle: number;
}

/** An engine that another thread shares. */
export interface AttachOptions {
  /** What {@link Engine.share} answered there. */
  readonly shared: SharedEngine;
  /** A clock of your own, the same as there; the system's monotonic clock by default. */
  readonly clock?: Clock | undefined;
}

/** How an entry asks to pass. */
export interface EnterOptions {
  /** What it costs: a whole number from 1 to 2³² − 1; 1 by default. */
  readonly cost?: number | undefined;
  /** Which way the call goes, seen from this instance; `inbound` by default. Overload protection looks at inbound only. */
  readonly direction?: 'inbound' | 'outbound' | undefined;
}

/** The system's figures, as they are: the package's user smooths them. */
export interface SystemLoad {
  /** The share of CPU time in use, 0 to 1. */
  readonly cpu?: number | undefined;
  /** The load average of the last minute. */
  readonly load1?: number | undefined;
  /** The share of memory in use, 0 to 1. */
  readonly memory?: number | undefined;
}

/** The answer to an entry; `kind` says which. */
export type Decision = Pass | Block;

/** It may go on: at once, or after the wait and without asking again. */
export interface Pass {
  readonly kind: 'pass';
  /** What to give back when the call is over. */
  readonly entry: Entry;
  /** How many milliseconds to wait before going on, with fractions; 0 is not at all. `entry.ready()` waits so long. */
  readonly waitMs: number;
  /** The same in nanoseconds, exact. */
  readonly waitNanos: bigint;
}

type BlockNames = Omit<BlockDetails, 'retryAfterMs' | 'retryAfterNanos'>;

const LARGEST_COST = 2 ** 32 - 1;
/** Stands for a routing that differs from request to request. */
const VARIES = Symbol('varies');
/** No rule names a longer resource, so nothing is worth remembering of it. */
const LONGEST_RESOURCE = 1024;
const NO_OPTIONS: EnterOptions = {};
const kinds = native.strategyKinds();

/**
 * Decides for one app. All calls but `enter` and `run` are synchronous; none
 * does I/O. An engine belongs to its thread and closes when that thread ends;
 * other threads can use it through {@link Engine.share}.
 */
export class Engine {
  readonly #link: Link;
  /** Whether closing it here closes it for all. */
  readonly #own: boolean;
  /** The ids of resources. An id that is no longer valid says so when it is used. */
  readonly #resources = new Remembered<string, number>();
  readonly #blocks = new Remembered<number, BlockNames>();
  readonly #routings = new Remembered<number, Routing | typeof VARIES>();
  #subscription: Subscription | undefined;

  /**
   * Makes an engine without rules: everything passes. Or attaches to one that
   * another thread of this process shares: the same rules, the same counts;
   * closing it here only lets go of it.
   *
   * @throws SergoError `argument`; `full` when 4,096 engines are open; `closed` when the shared one no longer is.
   */
  constructor(options: EngineOptions | AttachOptions) {
    const { clock } = options ?? {};
    if (clock !== undefined && typeof clock !== 'function') {
      throw argumentError('clock', clock, 'a function that answers nanoseconds');
    }
    if (options && 'shared' in options) {
      const handle = options.shared?.handle;
      if (!Number.isSafeInteger(handle)) {
        throw argumentError('shared', options.shared, 'what Engine.share answered');
      }
      // A handle that is no longer open is an error now, not at the first request.
      cold(() => native.version(handle));
      this.#own = false;
      this.#link = new Link(handle, clock);
    } else {
      const { app, namespace = 'default', labels = {} } = options ?? {};
      text('app', app);
      text('namespace', namespace);
      const flat = Object.entries(labels).flatMap(([name, value]) => [name, text(`labels.${name}`, value)]);
      this.#own = true;
      this.#link = new Link(
        cold(() => native.open(app, namespace, flat)),
        clock,
      );
    }
  }

  /**
   * What another thread of this process attaches to (`new Engine({ shared })`), as
   * worker data or in a message. After the close here, or the end of this thread,
   * calls there are errors (`closed`).
   */
  share(): SharedEngine {
    return { handle: this.#link.handle };
  }

  /**
   * Replaces all rules by the documents of `rules`. Bad documents are no error:
   * the last good version of each stays in force, and the report says what is
   * wrong and what would be right.
   *
   * @param rules YAML, perhaps of several documents, or JSON; or a list of named texts, applied as one push.
   * @throws SergoError
   */
  load(rules: string | readonly RuleText[]): Report {
    const sources = typeof rules === 'string' ? [{ name: '', text: rules }] : rules;
    if (!Array.isArray(sources)) {
      throw argumentError('rules', rules, 'text, or a list of {name, text}');
    }
    const names = sources.map((source, at) => text(`rules[${at}].name`, source?.name));
    const texts = sources.map((source, at) => text(`rules[${at}].text`, source?.text));
    return JSON.parse(cold(() => native.apply(this.#link.handle, names, texts)));
  }

  /**
   * Loads the rules of a file or folder, at once, and again whenever they change.
   * An engine has one subscription at a time.
   *
   * @throws SergoError `closed`; `argument` while another subscription is open.
   */
  subscribe(source: FileSource, options: SubscribeOptions = {}): Subscription {
    if (this.#subscription !== undefined && !this.#subscription.closed) {
      const { path } = this.#subscription;
      throw argumentError('source', source?.path, `no second source while the subscription to ${path} is open`);
    }
    // A closed engine is an error here; a source that can't be read is none.
    void this.version;
    this.#subscription = new Subscription((files) => this.load(files), source, options);
    return this.#subscription;
  }

  /**
   * Asks to enter `resource`, and never waits: a pass may say that the caller has
   * to.
   *
   * @throws SergoError
   */
  tryEnter(resource: string, options: EnterOptions = NO_OPTIONS): Decision {
    const { cost = 1, direction } = options;
    if (!(Number.isInteger(cost) && cost >= 1 && cost <= LARGEST_COST)) {
      throw argumentError('cost', cost, 'a whole number from 1 to 4294967295');
    }
    if (direction !== undefined && direction !== 'inbound' && direction !== 'outbound') {
      throw argumentError('direction', direction, 'inbound or outbound');
    }
    const link = this.#link;
    const now = link.time();
    let id = this.#resources.get(resource) ?? this.#resolve(resource);
    for (;;) {
      link.stamp(now);
      words[RESOURCE] = id;
      words[COST] = cost;
      words[FLAG] = direction === 'outbound' ? 1 : 0;
      const answer = native.enter();
      if (answer === 0) {
        return this.#pass();
      }
      if (answer > 0) {
        return this.#block(answer);
      }
      if (answer !== STALE) {
        throw codeError(answer);
      }
      this.#resources.clear();
      id = this.#resolve(resource);
    }
  }

  /**
   * Enters `resource`, waiting where the rules say so.
   *
   * @throws BlockedError for a block.
   * @throws The signal's reason when it aborts; the permit is given back.
   * @throws SergoError
   */
  async enter(resource: string, options: EnterOptions & WaitOptions = NO_OPTIONS): Promise<Entry> {
    options.signal?.throwIfAborted();
    const decision = this.tryEnter(resource, options);
    if (decision.kind === 'block') {
      throw new BlockedError(resource, decision);
    }
    if (decision.waitNanos !== 0n) {
      await decision.entry.ready(options);
    }
    return decision.entry;
  }

  /**
   * Enters `resource`, runs `call`, and exits: with an error when `call` throws or
   * rejects.
   *
   * @throws What {@link Engine.enter} and `call` throw.
   */
  async run<Result>(
    resource: string,
    call: (entry: Entry) => Result | PromiseLike<Result>,
    options: EnterOptions & WaitOptions = NO_OPTIONS,
  ): Promise<Awaited<Result>> {
    const entry = await this.enter(resource, options);
    let error = true;
    try {
      const result = await call(entry);
      error = false;
      return result;
    } finally {
      entry.exit({ error });
    }
  }

  /**
   * Where a request goes.
   *
   * @throws SergoError
   */
  route(request: RouteRequest): Routing {
    const { rolls } = request;
    if (rolls?.some((roll) => !(roll >= 0 && roll < 1))) {
      throw argumentError('rolls', rolls.join(', '), 'numbers from 0 to below 1');
    }
    const { handle } = this.#link;
    const { block, length } = pack(request);
    const given = rolls && Float64Array.from(rolls);
    const random = Math.random();
    const id = cold(() =>
      given ? native.routeRolled(handle, block, length, given) : native.route(handle, block, length, random),
    );
    if (id === 0) {
      return NOWHERE;
    }
    let routing = this.#routings.get(id);
    if (routing === undefined) {
      routing = this.#routings.set(id, settled(cold(() => native.answer(handle, id))) ?? VARIES);
    }
    if (routing !== VARIES) {
      return routing;
    }
    return directed(
      cold(() =>
        given ? native.directRolled(handle, block, length, given) : native.direct(handle, block, length, random),
      ),
    );
  }

  /**
   * Tells what discovery knows of a host, replacing what it knew. A host that was
   * never named is unknown, not empty, and is not judged.
   *
   * @throws SergoError
   */
  setInstances(host: string, instances: readonly Instance[]): void {
    text('host', host);
    if (!Array.isArray(instances)) {
      throw argumentError('instances', instances, 'a list of {id, labels, healthy, weight, zone}');
    }
    cold(() => native.setInstances(this.#link.handle, host, JSON.stringify(instances)));
  }

  /** The state of the breaker that `strategy` is for `resource`, both as the rules write them; undefined for none. */
  breakerState(resource: string, strategy: string): BreakerState | undefined {
    text('resource', resource);
    text('strategy', strategy);
    const state = cold(() => native.breakerState(this.#link.handle, resource, strategy));
    return state === '' ? undefined : (state as BreakerState);
  }

  /**
   * Tells the system's figures for overload protection, until the next call; those
   * not named become unknown. The package does not measure them itself.
   *
   * @throws SergoError
   */
  setSystemLoad(load: SystemLoad): void {
    const figure = (name: keyof SystemLoad) => {
      const value = load[name] ?? Number.NaN;
      if (typeof value !== 'number') {
        throw argumentError(name, value, 'a number');
      }
      return value;
    };
    const [cpu, load1, memory] = [figure('cpu'), figure('load1'), figure('memory')];
    this.#link.stamp(this.#link.time());
    cold(() => native.setSystemLoad(cpu, load1, memory));
  }

  /** Whether the rules in force look at the system's figures: while they don't, nobody needs to measure them. */
  get needsSystemLoad(): boolean {
    return cold(() => native.needsSystemLoad(this.#link.handle));
  }

  /** The counters of this moment. */
  figures(): Figures {
    return JSON.parse(cold(() => native.figures(this.#link.handle)));
  }

  /** What happened since the last call, oldest first; at most the newest 1,024 events are kept. */
  drainEvents(): Event[] {
    return JSON.parse(cold(() => native.drainEvents(this.#link.handle)));
  }

  /** The version of the rules in force, 0 before the first. */
  get version(): number {
    return cold(() => native.version(this.#link.handle));
  }

  /**
   * Closes the engine: ends its subscription, fails the waits under way, and makes
   * every later call an error (`closed`). Closing twice does nothing.
   */
  close(): void {
    const { handle, waiting } = this.#link;
    if (handle === 0) {
      return;
    }
    this.#link.handle = 0;
    this.#subscription?.close();
    for (const end of [...waiting]) {
      end();
    }
    if (this.#own) {
      cold(() => native.close(handle));
    }
  }

  /** As {@link Engine.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  #resolve(resource: string): number {
    text('resource', resource);
    const id = cold(() => native.resolve(this.#link.handle, resource));
    return resource.length > LONGEST_RESOURCE ? id : this.#resources.set(resource, id);
  }

  #pass(): Pass {
    const waits = words[WAIT] !== 0 || words[WAIT + 1] !== 0;
    const waitNanos = waits ? nanosAt(WAIT) : 0n;
    const entry = new Entry(this.#link, waitNanos);
    return { kind: 'pass', entry, waitMs: waits ? Number(waitNanos) / 1e6 : 0, waitNanos };
  }

  #block(kind: number): Block {
    const retryAfterNanos = words[RETRY] === -1 ? undefined : nanosAt(RETRY);
    const retryAfterMs = retryAfterNanos === undefined ? undefined : Number(retryAfterNanos) / 1e6;
    const { strategy, strategyName, rule, fallback } = this.#names(words[BLOCK] as number, kind);
    return { kind: 'block', strategy, strategyName, rule, retryAfterMs, retryAfterNanos, fallback };
  }

  #names(id: number, kind: number): BlockNames {
    const known = this.#blocks.get(id);
    if (known !== undefined) {
      return known;
    }
    try {
      const { strategy, name, rule, fallback } = JSON.parse(native.block(this.#link.handle, id));
      return this.#blocks.set(id, {
        strategy,
        strategyName: name,
        rule,
        fallback: fallback
          ? Object.freeze({ ...fallback, headers: Object.freeze(Object.fromEntries(fallback.headers)) })
          : undefined,
      });
    } catch {
      // The rules were replaced many times since: it is a block all the same.
      return { strategy: kinds[kind - 1] as StrategyKind, strategyName: '', rule: '', fallback: undefined };
    }
  }
}
