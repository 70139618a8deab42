import type { ServerAddress } from '../client/ServerAddress';
import { isChange, type ServerChange } from '../client/ServerList';
import type { AnyContext, ComponentLog } from './ComponentLog';
import { line } from './logLines';
import { lookupLimit } from './lookupLimit';
import type { TimeLimit } from './TimeLimit';

/**
 * Asks discovery again and again which servers there are, one question at a time, until it is stopped. When there is no answer, or one that cannot be used,
 * the servers stay as they are. Its timers keep no process alive.
 */
export class DiscoveryWatch {
    private timer: NodeJS.Timeout | null = null;
    private limit: TimeLimit | null = null;
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
        if (this.timer !== null) clearTimeout(this.timer);
        this.timer = null;
        this.limit?.end(new Error('stopped'));
    }

    private askLater(): void {
        if (!this.isStopped) this.timer = setTimeout(() => void this.askNow(), this.intervalMs).unref();
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
        this.askLater();
    }

    private async answer(): Promise<readonly ServerAddress[]> {
        const limit = lookupLimit(this.intervalMs, message => new Error(message)).unref();
        this.limit = limit;
        try {
            return await limit.race(this.ask());
        } finally {
            limit.lift();
        }
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
}

function describe({ added, removed, replaced, reweighted }: ServerChange): string {
    const said = { added, removed, 'connected anew': replaced, 'other weight': reweighted };
    return Object.entries(said)
        .filter(([, addresses]) => addresses.length > 0)
        .map(([what, addresses]) => `${what}: ${addresses.join(', ')}`)
        .join('; ');
}
