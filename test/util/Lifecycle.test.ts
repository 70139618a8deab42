import { Lifecycle } from '../../src/util/Lifecycle';

const settle = (): Promise<void> => new Promise(setImmediate);

/** A resource whose operations settle on demand. The resource fails when two operations overlap. */
class Resource {
    readonly events: string[] = [];
    private readonly lifecycle = new Lifecycle(() => new Error('closed'));
    private readonly opens: { signal: AbortSignal; resolve: () => void; reject: (error: Error) => void }[] = [];
    private finishClose: (() => void) | null = null;

    get isOpen(): boolean {
        return this.lifecycle.isOpen;
    }

    get isOpenOrOpening(): boolean {
        return this.lifecycle.isOpenOrOpening;
    }

    open(name: string): Promise<void> {
        return this.record(
            name,
            this.lifecycle.open(signal => {
                this.events.push(`${name} works`);
                if (this.finishClose !== null) this.events.push('FLAW: opens during a close');
                if (this.opens.some(other => !other.signal.aborted)) this.events.push('FLAW: opens twice');
                return new Promise((resolve, reject) => this.opens.push({ signal, resolve, reject }));
            }),
        );
    }

    close(name: string): Promise<void> {
        return this.record(
            name,
            this.lifecycle.close(wasOpen => {
                this.events.push(`${name} works, ${wasOpen ? 'open' : 'not open'} before`);
                if (this.finishClose !== null) this.events.push('FLAW: closes twice');
                return new Promise(resolve => {
                    this.finishClose = () => {
                        this.finishClose = null;
                        resolve();
                    };
                });
            }),
        );
    }

    /** Settles the oldest open. An aborted open rejects with the reason. */
    async settleOpen(error?: Error): Promise<void> {
        const open = this.opens.shift();
        if (open?.signal.aborted) open.reject(open.signal.reason as Error);
        else if (error) open?.reject(error);
        else open?.resolve();
        await settle();
    }

    async settleClose(): Promise<void> {
        this.finishClose?.();
        await settle();
    }

    private record(name: string, settled: Promise<void>): Promise<void> {
        return settled.then(
            () => void this.events.push(`${name} resolves`),
            (error: Error) => void this.events.push(`${name} rejects: ${error.message}`),
        );
    }
}

let resource: Resource;
beforeEach(() => (resource = new Resource()));

async function makeOpen(): Promise<void> {
    void resource.open('first');
    await settle();
    await resource.settleOpen();
    resource.events.length = 0;
}

describe('Lifecycle', () => {
    it('shares one open among its callers, even after it has resolved', async () => {
        void resource.open('a');
        void resource.open('b');
        await settle();
        expect([resource.isOpen, resource.isOpenOrOpening]).toEqual([false, true]);
        await resource.settleOpen();
        expect([resource.isOpen, resource.isOpenOrOpening]).toEqual([true, true]);
        await resource.open('c');
        expect(resource.events).toEqual(['a works', 'a resolves', 'b resolves', 'c resolves']);
    });

    it('opens again after a failed open', async () => {
        void resource.open('a');
        void resource.open('b');
        await settle();
        await resource.settleOpen(new Error('refused'));
        expect([resource.isOpen, resource.isOpenOrOpening]).toEqual([false, false]);
        void resource.open('c');
        await settle();
        await resource.settleOpen();
        expect(resource.isOpen).toBe(true);
        expect(resource.events).toEqual([
            'a works',
            'a rejects: refused',
            'b rejects: refused',
            'c works',
            'c resolves',
        ]);
    });

    it('shares one close among its callers, and begins it at once', async () => {
        await makeOpen();
        void resource.close('a');
        expect(resource.events).toEqual(['a works, open before']);
        expect([resource.isOpen, resource.isOpenOrOpening]).toEqual([false, false]);
        void resource.close('b');
        await resource.settleClose();
        await resource.close('c');
        expect(resource.events).toEqual(['a works, open before', 'a resolves', 'b resolves', 'c resolves']);
    });

    it('closes nothing without an open, or after a failed open', async () => {
        await resource.close('a');
        void resource.open('b');
        await settle();
        await resource.settleOpen(new Error('refused'));
        await resource.close('c');
        expect(resource.events).toEqual(['a resolves', 'b works', 'b rejects: refused', 'c resolves']);
    });

    it('rejects an open that a close overtakes, without a delay of the close', async () => {
        void resource.open('a');
        await settle();
        void resource.close('b');
        await resource.settleClose();
        await resource.settleOpen();
        expect(resource.events).toEqual(['a works', 'b works, not open before', 'b resolves', 'a rejects: closed']);
        expect([resource.isOpen, resource.isOpenOrOpening]).toEqual([false, false]);
    });

    it('rejects an open that a close overtakes even if its work succeeds', async () => {
        const lifecycle = new Lifecycle(() => new Error('closed'));
        let succeed!: () => void;
        const opening = lifecycle.open(() => new Promise(resolve => (succeed = resolve)));
        await settle();
        await lifecycle.close(async () => {});
        succeed();
        await expect(opening).rejects.toThrow('closed');
        expect(lifecycle.isOpen).toBe(false);
    });

    it('does not start an open that a close overtakes in the same turn', async () => {
        void resource.open('a');
        void resource.close('b');
        await resource.settleClose();
        expect(resource.events).toEqual(['b works, not open before', 'a rejects: closed', 'b resolves']);
    });

    it('delays an open during a close until the close has ended', async () => {
        await makeOpen();
        void resource.close('a');
        void resource.open('b');
        await settle();
        expect(resource.events).toEqual(['a works, open before']);
        await resource.settleClose();
        await resource.settleOpen();
        expect(resource.events).toEqual(['a works, open before', 'a resolves', 'b works', 'b resolves']);
        expect(resource.isOpen).toBe(true);
    });

    it('joins a pending close when it overtakes an open that waits for that close', async () => {
        await makeOpen();
        void resource.close('a');
        void resource.open('b');
        void resource.close('c');
        void resource.open('d');
        await resource.settleClose();
        await resource.settleOpen();
        expect(resource.events).toEqual([
            'a works, open before',
            'a resolves',
            'c resolves',
            'd works',
            'b rejects: closed',
            'd resolves',
        ]);
        expect(resource.isOpen).toBe(true);
    });

    it('stays open when an earlier open rejects after a later open has begun', async () => {
        void resource.open('a');
        await settle();
        void resource.close('b');
        await resource.settleClose();
        void resource.open('c');
        await settle();
        await resource.settleOpen();
        await resource.settleOpen();
        expect(resource.events.slice(-2)).toEqual(['a rejects: closed', 'c resolves']);
        expect(resource.isOpen).toBe(true);
    });

    it('opens after a failed close, and rejects only the callers of the close', async () => {
        const lifecycle = new Lifecycle(() => new Error('closed'));
        await lifecycle.open(async () => {});
        const closing = lifecycle.close(() => Promise.reject(new Error('stuck')));
        const opening = lifecycle.open(async () => {});
        await expect(closing).rejects.toThrow('stuck');
        await opening;
        expect(lifecycle.isOpen).toBe(true);
    });

    /** The test plays every sequence of five steps. */
    it('never overlaps two operations, and reaches the state of the last call, in any interleaving', async () => {
        const steps = ['open', 'close', 'opened', 'failed', 'closed'] as const;
        for (let n = 0; n < steps.length ** 5; n++) {
            resource = new Resource();
            const taken = Array.from({ length: 5 }, (_, i) => steps[Math.floor(n / steps.length ** i) % steps.length]!);
            for (const [i, step] of taken.entries()) {
                if (step === 'open') void resource.open(`${i}`);
                else if (step === 'close') void resource.close(`${i}`);
                else if (step === 'opened') await resource.settleOpen();
                else if (step === 'failed') await resource.settleOpen(new Error('refused'));
                else await resource.settleClose();
            }
            for (let i = 0; i < 6; i++) {
                await resource.settleClose();
                await resource.settleOpen();
            }
            const { events, isOpen } = resource;
            const calls = taken.filter(step => step === 'open' || step === 'close');
            const settled = events.filter(event => / (resolves|rejects: )/.test(event));
            expect({ taken, events, flaws: events.filter(event => event.startsWith('FLAW')) }).toEqual({
                taken,
                events,
                flaws: [],
            });
            expect({ taken, settled: settled.length }).toEqual({ taken, settled: calls.length });
            const wantsOpen = calls[calls.length - 1] === 'open';
            if (!wantsOpen || !taken.includes('failed'))
                expect({ taken, isOpen }).toEqual({ taken, isOpen: wantsOpen });
        }
    });
});
