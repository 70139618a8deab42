import type { ServerObserver } from '../client/model/ClientOptions';
import type { AnyContext, ComponentLogger } from '../component/ComponentLogger';
import { line } from '../component/logLines';

const PERIOD_MS = 60_000;
/** Two restarts are said as they happen. */
const MAX_LINES = 4;

/** The changes of a server within a minute, from the first one on. */
interface Period {
    said: number;
    kept: number;
    /** Says the last change. */
    last: () => void;
    readonly timer: NodeJS.Timeout;
}

/**
 * Says in the log when a server is down and when it is back. A server that flaps may do so thousands
 * of times a minute: the log then has the number of changes, and its last state, at the end of the minute.
 */
export class ServerLog implements ServerObserver {
    private readonly periods = new Map<string, Period>();

    constructor(
        private readonly log: ComponentLogger,
        private readonly context: AnyContext,
    ) {}

    onDown(address: string, fault: Error): void {
        this.change(address, () => this.log.warn(this.context, line('serverDown', address, fault.message)));
    }

    onUp(address: string): void {
        this.change(address, () => this.log.info(this.context, line('serverUp', address)));
    }

    /** Drops the changes that are not said yet. */
    stop(): void {
        for (const { timer } of this.periods.values()) clearTimeout(timer);
        this.periods.clear();
    }

    private change(address: string, say: () => void): void {
        const period = this.periods.get(address) ?? this.begin(address, say);
        period.last = say;
        if (period.said < MAX_LINES) {
            period.said++;
            say();
        } else {
            period.kept++;
        }
    }

    private begin(address: string, last: () => void): Period {
        const timer = setTimeout(() => this.end(address), PERIOD_MS).unref();
        const period = { said: 0, kept: 0, last, timer };
        this.periods.set(address, period);
        return period;
    }

    private end(address: string): void {
        const { kept, last } = this.periods.get(address)!;
        this.periods.delete(address);
        if (kept === 0) return;
        this.log.warn(this.context, line('serverFlaps', address, kept));
        this.change(address, last);
    }
}
