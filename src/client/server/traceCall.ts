import type { Call } from '../calls/Call';
import { describeServer, type ServerAddress } from '../model/ServerAddress';
import { commandTracing, traceDone, traceFailed, traceStart, type CommandTrace } from '../../diagnostics/tracing';

/**
 * Gives a call to its server and publishes its trace. Only the returned promise rejects unhandled.
 * So Node reports an unhandled failure once.
 */
export function traceCall<T>(
    call: Call<T>,
    at: ServerAddress,
    isInternal: boolean,
    accept: (call: Call<T>) => void,
): Promise<T> {
    const { operation, key, keyCount } = call;
    const context: CommandTrace = {
        operation,
        ...(key === '' ? {} : { key }),
        ...(keyCount === undefined ? {} : { keyCount }),
        ...describeServer(at),
        isInternal,
        retries: 0,
    };
    const begin = (): Promise<T> => {
        accept(call);
        return call.promise;
    };
    return traceStart(commandTracing, context, begin).then(
        value => {
            const { retries, keyCounts } = call;
            Object.assign(context, { retries, result: call.describeResult(value), ...keyCounts });
            traceDone(commandTracing, context);
            return value;
        },
        (error: unknown) => {
            context.retries = call.retries;
            traceFailed(commandTracing, context, error);
            throw error;
        },
    );
}
