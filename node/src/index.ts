/**
 * sergo: the OpenSergo rules, decided as in every other language.
 *
 * @packageDocumentation
 */

export { type Block, type BlockDetails, BlockedError, type Fallback, type StrategyKind } from './block';
export { type Carried, carried, carrying, headersForNextCall } from './carrier';
export type { ConnectRequest } from './connection';
export type {
  FieldContract,
  MethodContract,
  NodeReport,
  ServiceContract,
  ServiceMetadata,
  ServiceReport,
} from './contract';
export { type ControlPlaneOptions, type ControlPlaneSource, controlPlane, type TlsOptions } from './controlplane';
export type { Decision, Pass } from './decision';
export { Engine } from './engine';
export type { Entry, ExitOptions, WaitOptions } from './entry';
export { type ErrorCode, SergoError } from './error';
export type { BreakerEvent, Event, EventsOptions, FirstBlockEvent, RulesAppliedEvent } from './events';
export type { BlockMiss, Explanation, GateExplanation, RouteExplanation, RouteMiss, Verdict } from './explanation';
export type { BreakerState, Figures, ResourceFigures, StrategyFigures } from './figures';
export type { Label, LabelOptions, LabelRequest } from './label';
export type { Clock } from './link';
export type { AttachOptions, EngineOptions, EnterOptions, SharedEngine } from './options';
export { type CallOutcome, outcomeOf, type Pick } from './pick';
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
export type { ConnectionPool, HttpPool, TcpKeepalive, TcpPool } from './pool';
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
  RpcCall,
} from './routing';
export type { Required } from './selection';
export type { ControlPlaneState, ControlPlaneSubscription, KindState } from './session';
export { type FileSource, file } from './source';
export type { FileOptions, FileState, SubscribeOptions, Subscription } from './subscription';
export type { SystemLoad } from './system';
export { version } from './version';
