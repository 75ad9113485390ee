/** The engine: rules in, decisions out. */

import type { ConnectRequest } from './connection';
import { ControlPlaneSource } from './controlplane';
import type { Decision } from './decision';
import { Entrance } from './entrance';
import type { Entry, WaitOptions } from './entry';
import { argumentError, cold, text } from './error';
import { type Event, Events, type EventsOptions } from './events';
import { Explanation, type LabelExplanation, type RouteExplanation } from './explanation';
import type { BreakerState, Figures } from './figures';
import type { Label, LabelOptions, LabelRequest } from './label';
import { Link } from './link';
import { native } from './native';
import {
  type AttachOptions,
  checkAsk,
  type EngineOptions,
  type EnterOptions,
  NO_OPTIONS,
  type SharedEngine,
} from './options';
import type { CallOutcome, Pick } from './pick';
import { type ConnectionPool, pool } from './pool';
import type { Report, RuleText } from './report';
import { Routes } from './routes';
import type { Instance, RouteRequest, Routing } from './routing';
import { type Required, required } from './selection';
import { ControlPlaneSubscription } from './session';
import type { FileSource } from './source';
import { type FileOptions, type SubscribeOptions, Subscription } from './subscription';
import { Sampling, type SystemLoad, told } from './system';
import { Word, words } from './words';

/**
 * Decides for one app. All calls but `enter` and `run` are synchronous; none
 * does I/O. An engine belongs to its thread and closes when that thread ends;
 * other threads can use it through {@link Engine.share}.
 */
export class Engine {
  readonly #link: Link;
  /** Whether closing it here closes it for all. */
  readonly #own: boolean;
  readonly #entrance: Entrance;
  readonly #routes: Routes;
  readonly #events: Events;
  /** Absent where another thread, or nobody, measures. */
  readonly #sampling: Sampling | undefined;
  #subscription: Subscription | ControlPlaneSubscription | undefined;

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
      const { app, namespace = 'default', labels = {}, sampleSystem = true } = options ?? {};
      text('app', app);
      text('namespace', namespace);
      const flat = Object.entries(labels).flatMap(([name, value]) => [name, text(`labels.${name}`, value)]);
      this.#own = true;
      this.#link = new Link(
        cold(() => native.open(app, namespace, flat)),
        clock,
      );
      this.#sampling = sampleSystem ? new Sampling(this.#link) : undefined;
    }
    this.#entrance = new Entrance(this.#link);
    this.#routes = new Routes(this.#link);
    this.#events = new Events(this.#link);
  }

  /**
   * What another thread of this process attaches to (`new Engine({ shared })`), as
   * worker data or in a message. After the close here, or the end of this thread,
   * calls there are errors (`closed`).
   */
  share(): SharedEngine {
    this.#sampling?.share();
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
    const report = cold(() => native.apply(this.#link.handle, names, texts));
    this.#sampling?.check();
    return JSON.parse(report);
  }

  /**
   * Loads the rules of files or folders, at once, and again whenever they change, then
   * beside the event loop; or keeps them as a control plane has them: `await
   * subscription.ready` for the first. An engine has one subscription at a time.
   *
   * @throws SergoError `closed`; `argument` while another subscription is open, or where gRPC is missing.
   */
  subscribe(source: ControlPlaneSource, options?: SubscribeOptions): ControlPlaneSubscription;
  subscribe(source: FileSource, options?: FileOptions): Subscription;
  subscribe(source: FileSource | ControlPlaneSource, options?: FileOptions): Subscription | ControlPlaneSubscription;
  subscribe(
    source: FileSource | ControlPlaneSource,
    options: FileOptions = {},
  ): Subscription | ControlPlaneSubscription {
    if (this.#subscription !== undefined && !this.#subscription.closed) {
      const { path } = this.#subscription;
      throw argumentError('source', source?.path, `no second source while the subscription to ${path} is open`);
    }
    // A closed engine is an error here; a source that can't be read is none.
    void this.version;
    const applied = () => this.#sampling?.check();
    if (source instanceof ControlPlaneSource) {
      this.#subscription = new ControlPlaneSubscription(this.#link.handle, source, options, applied);
    } else {
      const { intervalMs } = options;
      if (intervalMs !== undefined && !(Number.isFinite(intervalMs) && intervalMs > 0 && intervalMs < 2 ** 31)) {
        throw argumentError('intervalMs', intervalMs, 'milliseconds over 0, below 2^31');
      }
      const load = (files: readonly RuleText[]) => this.load(files);
      this.#subscription = new Subscription(load, () => this.#link.handle, source, options, applied);
    }
    return this.#subscription;
  }

  /**
   * Asks to enter `resource`, and never waits: a pass may say that the caller has
   * to.
   *
   * @throws SergoError
   */
  tryEnter(resource: string, options: EnterOptions = NO_OPTIONS): Decision {
    return this.#entrance.tryEnter(resource, options);
  }

  /**
   * Enters `resource`, waiting where the rules say so.
   *
   * @throws BlockedError for a block.
   * @throws The signal's reason when it aborts; the entry is cancelled.
   * @throws SergoError
   */
  enter(resource: string, options: EnterOptions & WaitOptions = NO_OPTIONS): Promise<Entry> {
    return this.#entrance.enter(resource, options);
  }

  /**
   * Enters `resource`, runs `call`, and exits: with an error when `call` throws or
   * rejects.
   *
   * @throws What {@link Engine.enter} and `call` throw.
   */
  run<Result>(
    resource: string,
    call: (entry: Entry) => Result | PromiseLike<Result>,
    options: EnterOptions & WaitOptions = NO_OPTIONS,
  ): Promise<Awaited<Result>> {
    return this.#entrance.run(resource, call, options);
  }

  /**
   * Where a request goes.
   *
   * @throws SergoError
   */
  route(request: RouteRequest): Routing {
    return this.#routes.route(request);
  }

  /**
   * Where a request goes, and which instance of those that discovery knows takes
   * it; undefined where no route says and discovery does not know the host. Say
   * afterwards what came of the call: {@link Pick.report}, {@link Pick.run}.
   *
   * @throws SergoError
   */
  pick(request: RouteRequest): Pick | undefined {
    return this.#routes.pick(request);
  }

  /**
   * Says what came of a call to an instance that was picked, by its id, instead of
   * {@link Pick.report}. An instance that discovery does not know is none.
   *
   * @throws SergoError
   */
  report(host: string, instance: string, outcome: CallOutcome): void {
    this.#routes.report(host, instance, outcome);
  }

  /** The ids of the host's instances that are ejected now, sorted. */
  ejected(host: string): string[] {
    return this.#routes.ejected(host);
  }

  /**
   * Where a connection goes, by the TLS and TCP routes.
   *
   * @throws SergoError
   */
  connect(request: ConnectRequest): Routing {
    return this.#routes.connect(request);
  }

  /**
   * Which lane a request is in that came in: the one that it carries, else the one
   * that rules give it; undefined for none. The HTTP adapters ask for each request
   * and carry the answer on; see {@link carrying} and {@link headersForNextCall}.
   *
   * @throws SergoError
   */
  label(request: LabelRequest, options: LabelOptions = {}): Label | undefined {
    return this.#routes.label(request, options.trust ?? true);
  }

  /**
   * Which route a request goes by, and why none of those before it does. It
   * changes nothing. `String(explanation)` is for people to read.
   *
   * @throws SergoError
   */
  explainRoute(request: RouteRequest): RouteExplanation {
    return this.#routes.explain(request);
  }

  /**
   * Which lane {@link Engine.label} says that a request is in, and why. It changes
   * nothing. `String(explanation)` is for people to read.
   *
   * @throws SergoError
   */
  explainLabel(request: LabelRequest, options: LabelOptions = {}): LabelExplanation {
    return this.#routes.explainLabel(request, options.trust ?? true);
  }

  /**
   * Which headers and query parameters {@link Engine.route} and {@link Engine.pick}
   * look at for a host; without one, which ones {@link Engine.label} looks at.
   */
  required(host = ''): Required {
    return required(this.#link.handle, text('host', host));
  }

  /**
   * The limits that rules set for connections to a host, or to a subset of its
   * instances; undefined where they set none. Your client keeps them, sergo does not.
   */
  connectionPool(host: string, subset?: string): ConnectionPool | undefined {
    text('host', host);
    return pool(cold(() => native.connectionPool(this.#link.handle, host, subset)));
  }

  /**
   * Tells what discovery knows of a host, replacing what it knew. A host that was
   * never named is unknown, not empty, and is not judged.
   *
   * @throws SergoError
   */
  setInstances(host: string, instances: readonly Instance[]): void {
    this.#routes.setInstances(host, instances);
  }

  /**
   * Tells what has changed of a host.
   *
   * @param changed Instances that are new, or take the place of those with their ids.
   * @param gone The ids of those that are gone.
   * @throws SergoError
   */
  updateInstances(host: string, changed: readonly Instance[], gone: readonly string[] = []): void {
    this.#routes.updateInstances(host, changed, gone);
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
   * not named become unknown. From the first call on they are yours to tell: the
   * package measures none for this engine any more.
   *
   * @throws SergoError
   */
  setSystemLoad(load: SystemLoad): void {
    const [cpu, load1, memory] = told(load);
    this.#link.stamp(this.#link.time());
    cold(() => native.setSystemLoad(cpu, load1, memory));
    this.#sampling?.close();
  }

  /** Whether the rules in force look at the system's figures: while they don't, nobody measures them. */
  get needsSystemLoad(): boolean {
    return cold(() => native.needsSystemLoad(this.#link.handle));
  }

  /** The counters of this moment. */
  figures(): Figures {
    return JSON.parse(cold(() => native.figures(this.#link.handle)));
  }

  /**
   * What an entry to `resource` would be answered now, and why. It changes nothing.
   * `String(explanation)` is for people to read.
   *
   * @throws SergoError
   */
  explain(resource: string, options: EnterOptions = NO_OPTIONS): Explanation {
    const { cost = 1, direction } = options;
    text('resource', resource);
    checkAsk(cost, direction);
    this.#link.stamp(this.#link.time());
    words[Word.COST] = cost;
    words[Word.FLAG] = direction === 'outbound' ? 1 : 0;
    return new Explanation(cold(() => native.explain(resource)));
  }

  /**
   * What happened since the last call, oldest first; at most the newest 1,024
   * events are kept. Listeners hear of them all the same.
   *
   * @throws SergoError
   */
  drainEvents(): Event[] {
    return this.#events.drain();
  }

  /**
   * Calls `listener` with every event from now on, in order, within some 200 ms,
   * until the function that it answers is called or the engine is closed. What a
   * listener throws or rejects with is a warning of the process. It keeps no
   * process alive.
   *
   * Of an engine that threads share, one thread is to listen or drain: an event
   * goes to the thread that asks first.
   *
   * @throws SergoError
   */
  onEvent(listener: (event: Event) => unknown): () => void {
    return this.#events.listen(listener);
  }

  /**
   * Every event from the first step of the iteration on, as {@link Engine.onEvent}
   * hears of them; a slow iteration finds the newest 1,024. It ends when the engine
   * is closed, and keeps no process alive.
   *
   * @throws The signal's reason when it aborts.
   * @throws SergoError
   */
  events(options?: EventsOptions): AsyncGenerator<Event, void, undefined> {
    return this.#events.follow(options?.signal);
  }

  /** The version of the rules in force, 0 before the first. */
  get version(): number {
    return cold(() => native.version(this.#link.handle));
  }

  /**
   * Closes the engine: ends its subscription, its measuring and its listeners, fails
   * the waits under way, and makes every later call an error (`closed`). Closing twice does nothing.
   */
  close(): void {
    const { handle, waiting } = this.#link;
    if (handle === 0) {
      return;
    }
    this.#events.close();
    this.#link.handle = 0;
    this.#sampling?.close();
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
}
