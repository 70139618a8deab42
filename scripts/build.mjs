import { build } from './setup/build.mjs';
import { failSoftly } from './setup/say.mjs';

await failSoftly(build);
