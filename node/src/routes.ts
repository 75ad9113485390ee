/** Where requests go, and what becomes of them: the routing half of an engine. */

import { deepFreeze, directed, NOWHERE, picked, settled, whole } from './answer';
import { type ConnectRequest, connecting } from './connection';
import { argumentError, CLOSED, checkRolls, codeError, cold, POISONED, type SergoError, SPACE, text } from './error';
import { LabelExplanation, RouteExplanation } from './explanation';
import { json } from './json';
import type { Label, LabelRequest } from './label';
import { type Link, NOW } from './link';
import { native } from './native';
import { type Packed, pack, packText } from './packed';
import { type CallOutcome, OUTCOMES, Pick } from './pick';
import { Remembered } from './remembered';
import type { Instance, RoutedTo, RoutedToNone, RouteRequest, Routing } from './routing';
import { Selections } from './selection';
import { sharedBlock, Word, words } from './words';

/** Stands for a routing that differs from request to request. */
const VARIES = Symbol('varies');
type Settled = Exclude<Routing, RoutedToNone> | typeof VARIES;

/** @internal */
export class Routes {
  readonly #link: Link;
  readonly #selections = new Selections();
  readonly #routings = new Remembered<number, Settled>();
  /** The routings to hosts that no route names, without a port of the request's own. */
  readonly #whole = new Remembered<string, RoutedTo>();
  /** The instances by their numbers, which no two of an engine share. */
  readonly #instances = new Remembered<number, Instance>();

  /** Labels by their texts. */
  readonly #labels = new Remembered<string, Label>();

  constructor(link: Link) {
    this.#link = link;
  }

  route(request: RouteRequest): Routing {
    const random = checkRolls(request.rolls) ?? Math.random();
    return this.#asked(request, request?.host, this.#link.time(), (packed) => {
      const id = this.#routed(packed, random);
      if (id === 0) {
        return NOWHERE;
      }
      const routing = this.#routing(id);
      return routing === VARIES ? directed(native.direct(packed.block, packed.length, random)) : routing;
    });
  }

  #routed({ block, length }: Packed, random: number | Float64Array): number {
    if (typeof random !== 'number' || block !== sharedBlock) {
      return native.routeWith(block, length, random);
    }
    words[Word.LENGTH] = length;
    words[Word.RANDOM] = random;
    native.route();
    checkStatus();
    return words[Word.ANSWER] as number;
  }

  pick(request: RouteRequest): Pick | undefined {
    const random = checkRolls(request.rolls) ?? Math.random();
    return this.#asked(request, request?.host, this.#link.time(), (packed) => {
      const { block, length } = packed;
      if (typeof random === 'number' && block === sharedBlock) {
        words[Word.LENGTH] = length;
        words[Word.RANDOM] = random;
        native.pick();
        checkStatus();
        const number = words[Word.INSTANCE] as number;
        if (number !== 0) {
          return this.#plain(request, words[Word.ANSWER] as number, number);
        }
      }
      const found = picked(native.pickWith(block, length, random));
      if (found === undefined || found.number === undefined) {
        return found && new Pick(found.routing, undefined, undefined);
      }
      return this.#pick(found.routing as RoutedTo, found.number);
    });
  }

  /** The pick of a plain destination and an instance by their numbers. */
  #plain(request: RouteRequest, answer: number, number: number): Pick {
    if (answer !== 0) {
      return this.#pick(this.#routing(answer) as RoutedTo, number);
    }
    const { host, port } = request;
    const routing =
      port === undefined ? (this.#whole.get(host) ?? this.#whole.set(host, whole(host, port))) : whole(host, port);
    return this.#pick(routing, number);
  }

  #pick(routing: RoutedTo, number: number): Pick {
    const { host } = routing.destination;
    try {
      const instance = this.#instance(host, number);
      return new Pick(routing, instance, (outcome) => this.#report(host, number, outcome));
    } catch (error) {
      // It is gone since: nothing is in flight there.
      this.#report(host, number, 'cancelled');
      throw error;
    }
  }

  #routing(id: number): Settled {
    return this.#routings.get(id) ?? this.#routings.set(id, settled(native.answer(this.#link.handle, id)) ?? VARIES);
  }

  #instance(host: string, number: number): Instance {
    const known = this.#instances.get(number);
    if (known !== undefined) {
      return known;
    }
    const { handle } = this.#link;
    const { zone, labels, ...rest } = JSON.parse(native.instance(handle, host, number));
    return this.#instances.set(
      number,
      Object.freeze({ ...rest, labels: Object.freeze(labels), zone: zone ?? undefined }),
    );
  }

  #report(host: string, number: number, outcome: CallOutcome): void {
    const flag = outcomeNumber(outcome);
    const link = this.#link;
    const now = link.time();
    const length = packText(host);
    link.stamp(now);
    words[Word.LENGTH] = length ?? 0;
    words[Word.INSTANCE] = number;
    words[Word.FLAG] = flag;
    native.report();
    const code = words[Word.STATUS] as number;
    if (code !== 0 && code !== CLOSED && code !== POISONED) {
      throw codeError(code);
    }
  }

  report(host: string, instance: string, outcome: CallOutcome): void {
    text('host', host);
    text('instance', instance);
    const flag = outcomeNumber(outcome);
    this.#link.stamp(this.#link.time());
    cold(() => native.reportNamed(host, instance, flag));
  }

  ejected(host: string): string[] {
    text('host', host);
    this.#link.stamp(this.#link.time());
    return JSON.parse(cold(() => native.ejected(host)));
  }

  connect(request: ConnectRequest): Routing {
    const random = checkRolls(request.rolls) ?? Math.random();
    const connection = connecting(request);
    this.#link.stamp(this.#link.time());
    return directed(cold(() => native.connect(connection, random)));
  }

  explain(request: RouteRequest): RouteExplanation {
    const random = checkRolls(request.rolls) ?? Math.random();
    const now = this.#link.time();
    const { block, length } = pack(request, request.host, undefined);
    this.#link.stamp(now);
    return new RouteExplanation(cold(() => native.explainRoute(block, length, random)));
  }

  explainLabel(request: LabelRequest, trust: boolean): LabelExplanation {
    const { block, length } = pack(request, '', undefined);
    return new LabelExplanation(cold(() => native.explainLabel(this.#link.handle, block, length, trust)));
  }

  label(request: LabelRequest, trust: boolean): Label | undefined {
    // What rules label by is asked for by a host without a name.
    return this.#asked(request, '', NOW, (packed) => {
      const label = this.#labelled(packed, trust);
      return label === ''
        ? undefined
        : (this.#labels.get(label) ?? this.#labels.set(label, deepFreeze(JSON.parse(label))));
    });
  }

  #labelled({ block, length }: Packed, trust: boolean): string {
    if (block === sharedBlock) {
      words[Word.LENGTH] = length;
      words[Word.FLAG] = trust ? 1 : 0;
      native.label();
      const code = words[Word.STATUS] as number;
      if (code === 0) {
        const left = words[Word.LENGTH] as number;
        return left === 0 ? '' : sharedBlock.toString('utf8', 0, left);
      }
      if (code !== SPACE) {
        throw codeError(code);
      }
    }
    return native.labelWith(this.#link.handle, block, length, trust);
  }

  setInstances(host: string, instances: readonly Instance[]): void {
    cold(() => native.setInstances(this.#link.handle, text('host', host), list('instances', instances)));
    this.#instances.clear();
  }

  updateInstances(host: string, changed: readonly Instance[], gone: readonly string[]): void {
    const { handle } = this.#link;
    cold(() => native.updateInstances(handle, text('host', host), list('changed', changed), list('gone', gone)));
    this.#instances.clear();
  }

  /** Packs what the rules look at, and asks until they do not change in between. */
  #asked<Answer>(request: LabelRequest, host: string, now: number | bigint, ask: (packed: Packed) => Answer): Answer {
    const link = this.#link;
    text('host', host);
    for (;;) {
      const packed = pack(request, host, this.#selections.of(link.handle, host));
      link.stamp(now);
      try {
        return cold(() => ask(packed));
      } catch (error) {
        if ((error as SergoError).code !== 'stale') {
          throw error;
        }
        this.#selections.clear();
        this.#instances.clear();
      }
    }
  }
}

function checkStatus(): void {
  if (words[Word.STATUS] !== 0) {
    throw codeError(words[Word.STATUS] as number);
  }
}

function outcomeNumber(outcome: CallOutcome): number {
  const number = OUTCOMES.indexOf(outcome);
  if (number < 0) {
    throw argumentError('outcome', outcome, OUTCOMES.join(', '));
  }
  return number;
}

function list(what: string, values: readonly unknown[]): string {
  if (!Array.isArray(values)) {
    throw argumentError(
      what,
      values,
      what === 'gone' ? 'a list of ids' : 'a list of {id, labels, healthy, weight, zone}',
    );
  }
  return json(values);
}
