import type { ServerAddress } from '../client/model/ServerAddress';
import { isChange, type ServerChange } from '../client/cluster/ServerSet';
import type { AnyContext, ComponentLogger } from '../component/ComponentLogger';
import { line } from '../component/logLines';
import { lookupTimeout } from './lookupTimeout';
import type { Timeout } from '../util/Timeout';

/**
 * A timer that looks up the servers at an interval, one lookup at a time, and applies the result. A
 * failed lookup leaves the servers unchanged. The timer does not keep the process alive.
 */
export class DiscoveryWatcher {
    private timer: NodeJS.Timeout | undefined;
    private timeout: Timeout | null = null;
    private isStopped = false;
    private isFailing = false;

    constructor(
        private readonly intervalMs: number,
        private readonly lookUp: () => Promise<readonly ServerAddress[]>,
        private readonly applyServers: (servers: readonly ServerAddress[]) => ServerChange,
        private readonly log: ComponentLogger,
        private readonly context: AnyContext,
    ) {
        this.schedule();
    }

    /** Stops the lookups, and ignores the reply of a lookup in flight. */
    stop(): void {
        this.isStopped = true;
        clearTimeout(this.timer);
        this.timeout?.expire(new Error('stopped'));
    }

    private schedule(): void {
        if (!this.isStopped) this.timer = setTimeout(() => void this.poll(), this.intervalMs).unref();
    }

    private async poll(): Promise<void> {
        try {
            const servers = await this.lookUpInTime();
            if (this.isStopped) return;
            this.report(this.applyServers(servers));
        } catch (error) {
            if (this.isStopped) return;
            this.reportFailure((error as Error | undefined)?.message ?? String(error));
        }
        this.schedule();
    }

    private async lookUpInTime(): Promise<readonly ServerAddress[]> {
        const timeout = lookupTimeout(this.intervalMs, message => new Error(message)).unref();
        this.timeout = timeout;
        try {
            return await timeout.race(this.lookUp());
        } finally {
            timeout.cancel();
        }
    }

    private report(change: ServerChange): void {
        if (this.isFailing) this.log.info(this.context, line('discoveryRecovered'));
        this.isFailing = false;
        if (isChange(change)) this.log.info(this.context, line('serversChanged', describe(change)));
    }

    private reportFailure(message: string): void {
        if (!this.isFailing) this.log.warn(this.context, line('discoveryFailed', message));
        this.isFailing = true;
    }
}

function describe({ added, removed, replaced, reweighted }: ServerChange): string {
    const changes = { added, removed, reconnected: replaced, reweighted };
    return Object.entries(changes)
        .filter(([, addresses]) => addresses.length > 0)
        .map(([change, addresses]) => `${change}: ${addresses.join(', ')}`)
        .join('; ');
}
