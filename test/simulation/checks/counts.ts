import type { Entry } from '../schedule/Ledger';
import type { Meter } from '../workload/Meter';

/** Exact number or inclusive limits. */
export type Count = number | readonly [min: number, max: number];

type Names<N extends string> = Readonly<Record<N, string>>;

/** Compares every counter of a call with its expected count. */
export function compareCounts<N extends string>(
    names: Names<N>,
    { process, step, counts }: Entry,
    expected: Readonly<Partial<Record<N, Count>>>,
    report: (violation: string) => void,
): void {
    for (const name of Object.keys(names) as N[]) {
        const counted = counts.get(names[name]) ?? 0;
        const count = expected[name] ?? 0;
        const [min, max] = typeof count === 'number' ? [count, count] : count;
        if (counted >= min && counted <= max) continue;
        const wanted = min === max ? min : `${min} to ${max}`;
        report(`${process} #${step.id} ${step.verb} counts ${counted} ${name}, expected: ${wanted}`);
    }
}

/** Compares the totals of the counters with `getStats`. */
export function compareTotals<N extends string>(
    process: string,
    names: Names<N>,
    { meter, stats }: { readonly meter: Meter; readonly stats: object },
    report: (violation: string) => void,
): void {
    for (const name of Object.keys(names) as N[]) {
        const reported = (stats as Readonly<Partial<Record<string, number>>>)[name];
        const counted = meter.counts.get(names[name]) ?? 0;
        if (reported !== undefined && reported !== counted)
            report(`${process} reports ${reported} ${name}, but counts ${counted}`);
    }
}
