import { sleep } from '../../support/sleep';
import type { End, Path, StallingProxy } from './StallingProxy';

/** The functions that start a fault of one connection. `dice` is a number from 0 to 1. */
const FAULTS = {
    stall: (path: Path, dice: number, timeoutMs: number) => path.holdRequests(timeoutMs * (1.1 + dice * 3.5)),
    delay: (path: Path, dice: number, timeoutMs: number) => path.holdRequests(timeoutMs * dice * 0.6),
    'stalled reply': (path: Path, dice: number, timeoutMs: number) => path.holdReplies(timeoutMs * (1.1 + dice * 1.5)),
    'torn request': (path: Path, dice: number) => path.tear('request', endOf(dice)),
    'torn reply': (path: Path, dice: number) => path.tear('reply', endOf(dice)),
};
type Fault = keyof typeof FAULTS;

const endOf = (dice: number): End => (dice < 0.5 ? 'fin' : 'reset');
const WEIGHTED: Fault[] = ['stall', 'stall', 'stall', 'delay', 'stalled reply', 'torn request', 'torn reply'];

/** Starts faults of single connections at random. */
export class FaultSource {
    readonly counts = new Map<string, number>();

    /** @param timeoutMs the request timeout of the clients, which a stall exceeds */
    constructor(
        private readonly proxies: readonly StallingProxy[],
        private readonly timeoutMs: number,
        private readonly random: () => number,
    ) {}

    async run(isOver: () => boolean): Promise<void> {
        while (!isOver()) {
            this.strike();
            await sleep(20 + this.random() * 120);
        }
    }

    private strike(): void {
        const { random } = this;
        const pick = <T>(of: readonly T[]): T | undefined => of[Math.floor(random() * of.length)];
        const path = pick(this.proxies.flatMap(proxy => proxy.healthy()));
        const fault = pick(WEIGHTED)!;
        const dice = random();
        if (path === undefined) return;
        FAULTS[fault](path, dice, this.timeoutMs);
        this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1);
    }
}
