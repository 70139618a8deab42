import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installTools } from '../setup/tools.mjs';
import { PackageFault } from './Project.mjs';
