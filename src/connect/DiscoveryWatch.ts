import type { ServerAddress } from '../client/ServerAddress';
import { isChange, type ServerChange } from '../client/ServerList';
import type { AnyContext, ComponentLog } from './ComponentLog';
import { line } from './logLines';

/** An answer that takes longer, and longer than an interval, is not waited for: it may never come, and others would never be asked for. */
const LEAST_PATIENCE_MS = 10_000;

/**
 * Asks discovery again and again which servers there are, one question at a time, until it is stopped. When there is no answer, or one that cannot be used,
 * the servers stay as they are. Its timers keep no process alive.
 */
export class DiscoveryWatch {
    private timer: NodeJS.Timeout | null = null;
    private isStopped = false;
    private isFailing = false;

    constructor(
        private readonly intervalMs: number,
        private readonly ask: () => Promise<readonly ServerAddress[]>,
        private readonly take: (servers: readonly ServerAddress[]) => ServerChange,
        private readonly log: ComponentLog,
        private readonly context: AnyContext,
    ) {
        this.askLater();
    }

    /** An answer that comes later is ignored. */
    stop(): void {
        this.isStopped = true;
        this.clearTimer();
    }

    private askLater(): void {
        if (!this.isStopped) this.setTimer(this.intervalMs, () => void this.askNow());
    }

    private async askNow(): Promise<void> {
        try {
            const servers = await this.answer();
            if (this.isStopped) return;
            this.tell(this.take(servers));
        } catch (error) {
            if (this.isStopped) return;
            this.fail((error as Error | undefined)?.message ?? String(error));
        }
        // In the place of the one that limits the waiting.
        this.askLater();
    }

    private answer(): Promise<readonly ServerAddress[]> {
        return new Promise((resolve, reject) => {
            const patienceMs = Math.max(this.intervalMs, LEAST_PATIENCE_MS);
            this.setTimer(patienceMs, () => reject(new Error(`no answer within ${patienceMs} ms`)));
            this.ask().then(resolve, reject);
        });
    }

    private tell(change: ServerChange): void {
        if (this.isFailing) this.log.info(this.context, line('discoveryAnswers'));
        this.isFailing = false;
        if (isChange(change)) this.log.info(this.context, line('serversChanged', describe(change)));
    }

    private fail(message: string): void {
        if (!this.isFailing) {
            this.log.warn(this.context, line('discoveryFailed', message));
        }
        this.isFailing = true;
    }

    private setTimer(ms: number, then: () => void): void {
        this.clearTimer();
        this.timer = setTimeout(then, ms).unref();
    }

    private clearTimer(): void {
        if (this.timer !== null) clearTimeout(this.timer);
        this.timer = null;
    }
}

function describe({ added, removed, replaced, reweighted }: ServerChange): string {
    const said = { added, removed, 'connected anew': replaced, 'other weight': reweighted };
    return Object.entries(said)
        .filter(([, addresses]) => addresses.length > 0)
        .map(([what, addresses]) => `${what}: ${addresses.join(', ')}`)
        .join('; ');
}
