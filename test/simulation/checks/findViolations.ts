import type { Run } from '../schedule/runPlan';
import { checkCacheAnswers } from './cacheAnswers';
import { checkCasNumbers } from './casNumbers';
import { checkClientAnswers } from './clientAnswers';
import { checkLeftovers } from './leftovers';
import { checkLoads } from './loads';
import { checkLocks } from './locks';
import { checkRouting } from './routing';
import { checkSettling } from './settling';
import { checkStatistics } from './statistics';
import { checkTimeouts } from './timeouts';

/** Says what is wrong with a schedule that has been played. */
export type Check = (run: Run, report: (violation: string) => void) => void;

const CHECKS: readonly Check[] = [
    checkSettling,
    checkLeftovers,
    checkStatistics,
    checkTimeouts,
    checkClientAnswers,
    checkCacheAnswers,
    checkLoads,
    checkLocks,
    checkRouting,
    checkCasNumbers,
];

export function findViolations(run: Run): string[] {
    const violations: string[] = [];
    for (const error of run.errors) violations.push(`thrown where nothing catches it: ${error.stack ?? String(error)}`);
    for (const check of CHECKS) check(run, violation => violations.push(violation));
    return violations;
}
