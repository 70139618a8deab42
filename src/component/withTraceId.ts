import { ContextResolver } from 'pip-services4-components-node';
import type { AnyContext } from './ComponentLogger';

/** Errors come from places that know no context; the component that does puts it on. A service's own function may throw anything: that stays as it is. */
export function withTraceId(error: unknown, context: AnyContext): Error {
    const exception = error as (Error & { trace_id?: string; withTraceId?: (traceId: string) => Error }) | undefined;
    if (typeof exception?.withTraceId !== 'function') return exception as Error;
    return exception.withTraceId(traceIdOf(context) ?? exception.trace_id);
}

/** A context that cannot be read does not take the place of the error. Published resolvers cannot read version 3's, which is the trace id itself. */
function traceIdOf(context: AnyContext): string {
    if (typeof context === 'string') return context;
    try {
        return ContextResolver.getTraceId(context);
    } catch {
        return null as unknown as string;
    }
}
