import type { CodeBlock } from '../../docs/markdown';
import { runNode, type Outcome } from '../../support/runNode';
import { isCommonJs } from './compileBlocks';

/**
 * Runs a program as its reader does, with the built package under its name. The program finds
 * memcached by the same variables as services do.
 */
export function runProgram(block: CodeBlock): Promise<Outcome> {
    return runNode([`--input-type=${isCommonJs(block) ? 'commonjs' : 'module'}`, '--eval', block.code]);
}
