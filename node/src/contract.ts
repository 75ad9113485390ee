/** What a process tells a control plane of the services that it offers. */

/** A process and its services. */
export interface ServiceReport {
  /** The process. */
  readonly node?: NodeReport | undefined;
  /** What it offers. */
  readonly services: readonly ServiceMetadata[];
}

/** A process. */
export interface NodeReport {
  readonly identifier?: {
    readonly hostName?: string;
    readonly pid?: number;
    readonly startTimestamp?: { readonly seconds?: number; readonly nanos?: number };
  };
  readonly locality?: { readonly region?: string; readonly zone?: string };
  readonly tag?: string;
  readonly cluster?: string;
  readonly env?: string;
}

/** Services, and where they listen. */
export interface ServiceMetadata {
  readonly listeningAddresses?: readonly { readonly address?: string; readonly portValue?: number }[];
  /** As in `http` and `grpc`. */
  readonly protocols?: readonly string[];
  readonly serviceContract?: ServiceContract;
}

/** Services and the types of their messages. */
export interface ServiceContract {
  readonly services?: readonly {
    readonly name?: string;
    readonly description?: string;
    readonly methods?: readonly MethodContract[];
  }[];
  readonly types?: readonly { readonly name?: string; readonly fields?: readonly FieldContract[] }[];
}

/** A method of a service. */
export interface MethodContract {
  readonly name?: string;
  readonly inputTypes?: readonly string[];
  readonly outputTypes?: readonly string[];
  readonly clientStreaming?: boolean;
  readonly serverStreaming?: boolean;
  readonly description?: string;
  readonly httpPaths?: readonly string[];
  readonly httpMethods?: readonly string[];
}

/** A field of a type. */
export interface FieldContract {
  readonly name?: string;
  readonly number?: number;
  readonly label?: string;
  readonly type?: string;
  readonly typeName?: string;
  readonly description?: string;
}
