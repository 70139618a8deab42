import { connectTracing, traceDone, traceFailed, traceStart, type ConnectTrace } from '../../diagnostics/tracing';
import { describeServer, type ServerAddress } from '../model/ServerAddress';

/** The trace of a socket from its first attempt until it works or has failed. */
export class ConnectSpan {
    private readonly context: ConnectTrace;
    private isDone = false;

    constructor(at: ServerAddress) {
        this.context = describeServer(at);
    }

    /** Opens the socket within the stores that subscribers have bound to the start of the trace. */
    start<T>(open: () => T): T {
        return traceStart(connectTracing, this.context, open);
    }

    /** Ends the trace. Only the first call counts. */
    end(outcome: 'connected' | 'unused' | Error): void {
        if (this.isDone) return;
        this.isDone = true;
        if (typeof outcome !== 'string') return traceFailed(connectTracing, this.context, outcome);
        this.context.result = outcome;
        traceDone(connectTracing, this.context);
    }
}
