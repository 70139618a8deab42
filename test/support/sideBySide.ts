/** Runs one of its tests, or awaits it when it runs already. */
type Runner = () => Promise<void>;

/**
 * Tests that mostly wait, started together: the first one that jest runs starts them all, and each
 * one reports its own outcome. They share no state, so they use no `beforeEach` and no `afterEach`.
 */
export class SideBySide {
    private readonly tests: Runner[] = [];
    private running: Promise<void>[] | undefined;

    constructor() {
        // `jest -t` may have asked for a few of them only: the others end before the file does.
        afterAll(() => Promise.allSettled(this.running ?? []));
    }

    /** The function to give to `it`. */
    add(test: Runner): Runner {
        const index = this.tests.push(test) - 1;
        return () => this.start()[index]!;
    }

    private start(): Promise<void>[] {
        if (this.running === undefined) {
            this.running = this.tests.map(test => test());
            // Each is awaited by its own test, which may come later than the failure.
            for (const one of this.running) one.catch(() => {});
        }
        return this.running;
    }
}
