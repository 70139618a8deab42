import { configureGlobal } from 'fast-check';
import { seed } from '../support/random';

// Property tests use the seed of the run, as all random tests do.
configureGlobal({ seed: seed() });
