import { ContextResolver } from 'pip-services4-components-node';
import type { AnyContext } from './ComponentLogger';

/**
 * Adds the trace id of the context to an exception. Any other value that a function of the service
 * throws stays as it is.
 */
export function withTraceId(error: unknown, context: AnyContext): Error {
    const exception = error as (Error & { trace_id?: string; withTraceId?: (traceId: string) => Error }) | undefined;
    if (typeof exception?.withTraceId !== 'function') return exception as Error;
    return exception.withTraceId(traceIdOf(context) ?? exception.trace_id);
}

/**
 * Never throws, because that would hide the error. The resolver of the framework cannot read a
 * context of version 3.
 */
function traceIdOf(context: AnyContext): string {
    if (typeof context === 'string') return context;
    try {
        return ContextResolver.getTraceId(context);
    } catch {
        return null as unknown as string;
    }
}
