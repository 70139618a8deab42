import type { ServerObserver } from '../client/model/ClientOptions';
import type { ServerIdentity } from '../client/model/ServerIdentity';
import type { AnyContext, ComponentLogger } from '../component/ComponentLogger';
import { line } from '../component/logLines';

const PERIOD_MS = 60_000;
/** The number of lines that a period logs before it only counts changes. A restart needs two. */
const MAX_LINES = 4;

/** The changes of a server in the minute after its first change. */
interface Period {
    logged: number;
    suppressed: number;
    logLast: () => void;
    readonly timer: NodeJS.Timeout;
}

/**
 * A log of servers that go down and come up again. A server may flap thousands of times a minute.
 * In that case the log has the number of changes and the last state, at the end of the minute.
 */
export class ServerLog implements ServerObserver {
    private readonly periods = new Map<string, Period>();

    constructor(
        private readonly log: ComponentLogger,
        private readonly context: AnyContext,
    ) {}

    onDown(address: string, fault: Error): void {
        this.onChange(address, () => this.log.warn(this.context, line('serverDown', address, fault.message)));
    }

    onUp(address: string): void {
        this.onChange(address, () => this.log.info(this.context, line('serverUp', address)));
    }

    onIdentified(address: string, { protocol, version }: ServerIdentity): void {
        this.log.info(this.context, line('serverIdentified', address, protocol, version));
    }

    /** Drops the changes that the log does not have yet. */
    stop(): void {
        for (const { timer } of this.periods.values()) clearTimeout(timer);
        this.periods.clear();
    }

    private onChange(address: string, log: () => void): void {
        const period = this.periods.get(address) ?? this.beginPeriod(address, log);
        period.logLast = log;
        if (period.logged < MAX_LINES) {
            period.logged++;
            log();
        } else {
            period.suppressed++;
        }
    }

    private beginPeriod(address: string, logLast: () => void): Period {
        const timer = setTimeout(() => this.endPeriod(address), PERIOD_MS).unref();
        const period = { logged: 0, suppressed: 0, logLast, timer };
        this.periods.set(address, period);
        return period;
    }

    private endPeriod(address: string): void {
        const { suppressed, logLast } = this.periods.get(address)!;
        this.periods.delete(address);
        if (suppressed === 0) return;
        this.log.warn(this.context, line('serverFlaps', address, suppressed));
        this.onChange(address, logLast);
    }
}
