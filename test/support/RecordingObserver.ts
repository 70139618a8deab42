import type { ServerObserver } from 'pip-services4-memcached-node';

/** Hears which servers of a client go down and come back; what it hears can be awaited. */
export class RecordingObserver implements ServerObserver {
    readonly heard: string[] = [];
    private readonly waiters: (() => void)[] = [];

    onDown(address: string, fault: Error): void {
        this.hear(`down ${address}: ${fault.message}`);
    }

    onUp(address: string): void {
        this.hear(`up ${address}`);
    }

    /** Resolves when it has heard so many. */
    async next(count: number): Promise<void> {
        while (this.heard.length < count) await new Promise<void>(resolve => this.waiters.push(resolve));
    }

    private hear(line: string): void {
        this.heard.push(line);
        for (const wake of this.waiters.splice(0)) wake();
    }
}
