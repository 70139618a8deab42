import type { CodeBlock } from '../../docs/markdown';
import { runNode, type Outcome } from '../../support/runNode';
import { isCommonJs } from './compileBlocks';

/**
 * Runs a program as its reader would, by the package's name, which leads to what was built. It
 * finds memcached as services do.
 */
export function runProgram(block: CodeBlock): Promise<Outcome> {
    return runNode([`--input-type=${isCommonJs(block) ? 'commonjs' : 'module'}`, '--eval', block.code]);
}
