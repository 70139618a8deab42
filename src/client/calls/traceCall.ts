import type { Call } from './Call';
import { commandTracing, trace, type CommandTrace } from '../../diagnostics/tracing';

/** Gives a call to its server while somebody listens. Who waits for the call gets the promise that is traced, so one that nobody waits for is still noticed. */
export function traceCall(call: Call<unknown>, server: string, accept: (call: Call<unknown>) => void): void {
    const { operation, key, keyCount } = call;
    const context: CommandTrace = {
        operation,
        ...(key === '' ? {} : { key }),
        ...(keyCount === undefined ? {} : { keyCount }),
        server,
    };
    const begin = (): Promise<unknown> => {
        accept(call);
        return call.promise;
    };
    call.promise = trace(commandTracing, context, begin, value => call.describeResult(value));
}
