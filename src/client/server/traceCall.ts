import type { Call } from '../calls/Call';
import { commandTracing, trace, type CommandTrace } from '../../diagnostics/tracing';

/**
 * Gives a call to its server and publishes its trace. Only the returned promise rejects unhandled.
 * So Node reports an unhandled failure once.
 */
export function traceCall<T>(call: Call<T>, server: string, accept: (call: Call<T>) => void): Promise<T> {
    const { operation, key, keyCount } = call;
    const context: CommandTrace = {
        operation,
        ...(key === '' ? {} : { key }),
        ...(keyCount === undefined ? {} : { keyCount }),
        server,
    };
    const begin = (): Promise<T> => {
        accept(call);
        return call.promise;
    };
    return trace(commandTracing, context, begin, value => call.describeResult(value));
}
