/**
 * sergo: the OpenSergo rules, decided as in every other language.
 *
 * @packageDocumentation
 */

export { type Block, type BlockDetails, BlockedError, type Fallback, type StrategyKind } from './block';
export {
  type AttachOptions,
  type Decision,
  Engine,
  type EngineOptions,
  type EnterOptions,
  type Pass,
  type SharedEngine,
  type SystemLoad,
} from './engine';
export type { Entry, ExitOptions, WaitOptions } from './entry';
export { type ErrorCode, SergoError } from './error';
export type {
  BreakerEvent,
  BreakerState,
  Event,
  Figures,
  FirstBlockEvent,
  ResourceFigures,
  RulesAppliedEvent,
  StrategyFigures,
} from './figures';
export type { Clock } from './link';
export type {
  Abort,
  CorsPolicy,
  Delay,
  DirectResponse,
  Fault,
  HeaderChanges,
  HeaderOperations,
  Mirror,
  Redirect,
  Retries,
  Rewrite,
  TextMatch,
} from './policy';
export type { Diagnostic, Report, RuleText, Waiting } from './report';
export type {
  Destination,
  Instance,
  RequestHeaders,
  RoutedTo,
  RoutedToEmpty,
  RoutedToNone,
  RoutedToRedirect,
  RoutedToResponse,
  RouteRequest,
  RouteSource,
  Routing,
} from './routing';
export { type FileSource, file } from './source';
export type { SubscribeOptions, Subscription } from './subscription';
export { version } from './version';
