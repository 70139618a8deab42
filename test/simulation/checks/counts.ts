import type { Entry } from '../schedule/Ledger';
import type { Meter } from '../workload/Meter';

/** Exactly so often, or within these limits. */
export type Count = number | readonly [least: number, most: number];

type Names<N extends string> = Readonly<Record<N, string>>;

/** A call counts what is expected, and nothing else. */
export function compareCounts<N extends string>(
    names: Names<N>,
    { process, step, counts }: Entry,
    expected: Readonly<Partial<Record<N, Count>>>,
    report: (violation: string) => void,
): void {
    for (const name of Object.keys(names) as N[]) {
        const counted = counts.get(names[name]) ?? 0;
        const count = expected[name] ?? 0;
        const [least, most] = typeof count === 'number' ? [count, count] : count;
        if (counted >= least && counted <= most) continue;
        const wanted = least === most ? least : `${least} to ${most}`;
        report(`${process} #${step.id} ${step.verb} counts ${counted} ${name}, expected: ${wanted}`);
    }
}

/** The counters have been given what `getStats` tells. */
export function compareTotals<N extends string>(
    process: string,
    names: Names<N>,
    { meter, stats }: { readonly meter: Meter; readonly stats: object },
    report: (violation: string) => void,
): void {
    for (const name of Object.keys(names) as N[]) {
        const told = (stats as Readonly<Partial<Record<string, number>>>)[name];
        const counted = meter.counts.get(names[name]) ?? 0;
        if (told !== undefined && told !== counted)
            report(`${process} tells of ${told} ${name}, and counts ${counted}`);
    }
}
