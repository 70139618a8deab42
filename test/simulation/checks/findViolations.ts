import type { Run } from '../schedule/runPlan';
import { checkCacheAnswers } from './cacheAnswers';
import { checkCacheCounters } from './cacheCounters';
import { checkCasNumbers } from './casNumbers';
import { checkCauses } from './causes';
import { checkClientAnswers } from './clientAnswers';
import { checkEarlyErrors } from './earlyErrors';
import { checkEvictions } from './evictions';
import { checkExpiries } from './expiries';
import { checkFailSoft } from './failSoft';
import { checkLeftovers } from './leftovers';
import { checkLoads } from './loads';
import { checkLockCounters } from './lockCounters';
import { checkLocks } from './locks';
import { checkOrphans } from './orphans';
import { checkOwnLoads } from './ownLoads';
import { checkRestarts } from './restarts';
import { checkRetries } from './retries';
import { checkRouting } from './routing';
import { checkLogins } from './logins';
import { checkMistakes } from './mistakes';
import { checkSettling } from './settling';
import { checkSignals } from './signals';
import { checkStatistics } from './statistics';
import { checkTimeouts } from './timeouts';
import { checkTokens } from './tokens';
import { checkWithoutCas } from './withoutCas';
import { checkWriteOrder } from './writeOrder';

/** Check of a finished schedule, which reports each violation. */
export type Check = (run: Run, report: (violation: string) => void) => void;

const CHECKS: readonly Check[] = [
    checkSettling,
    checkCauses,
    checkLeftovers,
    checkStatistics,
    checkTimeouts,
    checkEarlyErrors,
    checkMistakes,
    checkSignals,
    checkLogins,
    checkFailSoft,
    checkClientAnswers,
    checkCacheAnswers,
    checkEvictions,
    checkExpiries,
    checkLoads,
    checkOwnLoads,
    checkLocks,
    checkOrphans,
    checkRestarts,
    checkRetries,
    checkRouting,
    checkCasNumbers,
    checkTokens,
    checkWithoutCas,
    checkWriteOrder,
    checkCacheCounters,
    checkLockCounters,
];

export function findViolations(run: Run): string[] {
    const violations: string[] = [];
    for (const error of run.errors) violations.push(`uncaught: ${error.stack ?? String(error)}`);
    for (const check of CHECKS) check(run, violation => violations.push(violation));
    return violations;
}
