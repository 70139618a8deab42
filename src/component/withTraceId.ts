import { ContextResolver } from 'pip-services4-components-node';
import type { AnyContext } from './ComponentLogger';

/** Adds the trace id of the context to an exception. Returns other errors unchanged. */
export function withTraceId(error: unknown, context: AnyContext): Error {
    const exception = error as (Error & { trace_id?: string; withTraceId?: (traceId: string) => Error }) | undefined;
    if (typeof exception?.withTraceId !== 'function') return exception as Error;
    return exception.withTraceId(traceIdOf(context) ?? exception.trace_id);
}

/** Returns the trace id. Never throws, unlike the framework for a context of version 3. */
function traceIdOf(context: AnyContext): string {
    if (typeof context === 'string') return context;
    try {
        return ContextResolver.getTraceId(context);
    } catch {
        return null as unknown as string;
    }
}
