/**
 * Returns whether the report compares this case by latency. The report compares all other cases by
 * throughput.
 */
export const isLatencyCase = scenario => scenario.verb === 'interference';

/**
 * Adds to each contender its ratios to the best rival and to the floor. A higher ratio is better.
 */
export function withRatios(scenario, entries, isRival) {
    const worth = entry => (isLatencyCase(scenario) ? 1 / entry.p99Ms : entry.perSecond);
    const sound = entries.filter(entry => entry.failure === undefined);
    const bestRival = Math.max(...sound.filter(isRival).map(worth));
    const floor = sound.find(entry => entry.id === 'floor');
    return entries.map(entry => {
        if (entry.failure !== undefined) return entry;
        return {
            ...entry,
            timesBestRival: Number.isFinite(bestRival) ? worth(entry) / bestRival : null,
            shareOfFloor: floor ? worth(entry) / worth(floor) : null,
        };
    });
}
