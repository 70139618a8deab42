import { connectTracing, traceDone, traceFailed, traceStart, type ConnectTrace } from '../../diagnostics/tracing';

/** The trace of a socket from its first attempt until it can be used or cannot. */
export class ConnectSpan {
    private readonly context: ConnectTrace;
    private isDone = false;

    constructor(server: string) {
        this.context = { server };
    }

    /** Opens the socket within the stores that subscribers have bound to the start of the trace. */
    start<T>(open: () => T): T {
        return traceStart(connectTracing, this.context, open);
    }

    connected(): void {
        this.end('connected');
    }

    /** @param fault null if the socket was not needed any more */
    gone(fault: Error | null): void {
        if (fault === null) return this.end('unused');
        if (!this.isDone) traceFailed(connectTracing, this.context, fault);
        this.isDone = true;
    }

    private end(result: 'connected' | 'unused'): void {
        if (this.isDone) return;
        this.isDone = true;
        this.context.result = result;
        traceDone(connectTracing, this.context);
    }
}
