import type { Channel } from './Channel';
import { connectTracing, traceDone, traceFailed, traceStart, type ConnectTrace } from '../../diagnostics/tracing';

/** The trace of a socket until it can be used, or cannot. */
export class ConnectSpan {
    private isDone = false;

    private constructor(private readonly context: ConnectTrace) {}

    static trace(server: string, open: () => Channel): Channel {
        const context: ConnectTrace = { server };
        const channel = traceStart(connectTracing, context, open);
        channel.connectSpan = new ConnectSpan(context);
        return channel;
    }

    connected(): void {
        this.end('connected');
    }

    /** @param fault null: it was not needed any more */
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
