import { StringConverter } from 'pip-services4-commons-node';
import type { IContext } from './IContext';

/**
 * A reader of well-known values in a context. Version 3 passes the trace id where version 4 passes
 * a context.
 */
export class ContextResolver {
    /**
     * Returns `trace_id`, or else `traceId`, or else null. The declared type is `string`, as in the
     * published package, because the constructors of the exceptions require it.
     */
    public static getTraceId(context: IContext | string | null | undefined): string {
        if (typeof context === 'string') return context;
        return StringConverter.toNullableString(context?.get('trace_id') || context?.get('traceId') || null);
    }

    public static getClient(context: IContext | string | null | undefined): string | null {
        return typeof context === 'string' ? null : StringConverter.toNullableString(context?.get('client'));
    }

    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    public static getUser(context: IContext | string | null | undefined): any {
        return typeof context === 'string' ? null : (context?.get('user') ?? null);
    }
}
