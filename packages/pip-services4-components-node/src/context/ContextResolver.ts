import { StringConverter } from 'pip-services4-commons-node';
import type { IContext } from './IContext';

/** Reads well-known values out of a context. Where version 4 passes a context, version 3 passes the trace id itself. */
export class ContextResolver {
    /**
     * `trace_id`, or else `traceId`; null when there is none. Declared `string`, as it is published, because the constructors
     * of the exceptions ask for it so.
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
