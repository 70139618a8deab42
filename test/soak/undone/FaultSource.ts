import { sleep } from '../../support/sleep';
import type { End, Path, StallingProxy } from './StallingProxy';

const FAULTS = {
    /** Longer than the clients' request_timeout. */
    stall: (path: Path, dice: number) => path.holdRequests(280 + dice * 900),
    delay: (path: Path, dice: number) => path.holdRequests(5 + dice * 150),
    'stalled reply': (path: Path, dice: number) => path.holdReplies(280 + dice * 400),
    'torn request': (path: Path, dice: number) => path.tear('request', endOf(dice)),
    'torn reply': (path: Path, dice: number) => path.tear('reply', endOf(dice)),
};
type Fault = keyof typeof FAULTS;

const endOf = (dice: number): End => (dice < 0.5 ? 'fin' : 'reset');
/** Stalls are what the test is about. */
const WEIGHTED: Fault[] = ['stall', 'stall', 'stall', 'delay', 'stalled reply', 'torn request', 'torn reply'];

/** Lets faults happen to single connections, one after another. */
export class FaultSource {
    readonly counts = new Map<Fault, number>();

    constructor(
        private readonly proxy: StallingProxy,
        private readonly random: () => number,
    ) {}

    async run(ms: number): Promise<void> {
        const end = performance.now() + ms;
        while (performance.now() < end) {
            this.strike();
            await sleep(20 + this.random() * 120);
        }
    }

    private strike(): void {
        const paths = this.proxy.healthy();
        const path = paths[Math.floor(this.random() * paths.length)];
        const fault = WEIGHTED[Math.floor(this.random() * WEIGHTED.length)]!;
        const dice = this.random();
        if (path === undefined) return;
        FAULTS[fault](path, dice);
        this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1);
    }
}
