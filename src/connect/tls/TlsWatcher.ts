import type { AnyContext, ComponentLogger } from '../../component/ComponentLogger';
import { line } from '../../component/logLines';
import type { TlsSettings } from './TlsSettings';

const INTERVAL_MS = 30_000;
/** The largest share of an interval to add or subtract at random, to spread the reads. */
const JITTER = 1 / 10;
/** The pause between the two readings of a change. */
const SETTLE_MS = 1000;

/**
 * A timer that reads the TLS files again. It compares contents, because no event and no date of a
 * file shows all changes. Kubernetes, for example, replaces a symbolic link to their folder. The
 * timer does not keep the process alive.
 */
export class TlsWatcher {
    private timer: NodeJS.Timeout | undefined;
    private isStopped = false;
    private isFailing = false;

    /** @param settings returns the settings in use. A lookup of the credential may replace them. */
    constructor(
        private readonly settings: () => TlsSettings | null,
        private readonly log: ComponentLogger,
        private readonly context: AnyContext,
        private readonly intervalMs = INTERVAL_MS,
    ) {
        this.scheduleNext();
    }

    /** Stops the reads, and ignores the result of one in progress. */
    stop(): void {
        this.isStopped = true;
        clearTimeout(this.timer);
    }

    private scheduleNext(): void {
        this.schedule(this.intervalMs * (1 + JITTER * (2 * Math.random() - 1)));
    }

    private schedule(ms: number): void {
        this.timer = setTimeout(() => void this.poll(), ms).unref();
    }

    private async poll(): Promise<void> {
        try {
            const refresh = (await this.settings()?.refresh()) ?? 'unchanged';
            if (this.isStopped) return;
            if (refresh === 'changing') return this.schedule(Math.min(SETTLE_MS, this.intervalMs));
            this.isFailing = false;
            if (refresh === 'renewed') this.log.info(this.context, line('tlsFilesRenewed'));
        } catch (error) {
            if (this.isStopped) return;
            if (!this.isFailing) this.log.warn(this.context, line('tlsFilesRejected', (error as Error).message));
            this.isFailing = true;
        }
        this.scheduleNext();
    }
}
