import type { ServerObserver } from 'pip-services4-memcached-node';

/** An observer that records the servers that go down and up. Tests can await such a change. */
export class RecordingObserver implements ServerObserver {
    readonly heard: string[] = [];
    private readonly waiters: (() => void)[] = [];

    onDown(address: string, fault: Error): void {
        this.hear(`down ${address}: ${fault.message}`);
    }

    onUp(address: string): void {
        this.hear(`up ${address}`);
    }

    /** Resolves when it has recorded `count` events. */
    async next(count: number): Promise<void> {
        while (this.heard.length < count) await new Promise<void>(resolve => this.waiters.push(resolve));
    }

    private hear(line: string): void {
        this.heard.push(line);
        for (const wake of this.waiters.splice(0)) wake();
    }
}
