import { Descriptor, Factory } from 'pip-services4-memcached-node/framework';
import { HttpController } from './HttpController.mjs';
import { NightlyJob } from './NightlyJob.mjs';
import { ProductCatalog } from './ProductCatalog.mjs';
import { Products } from './Products.mjs';

/** The factory of this service's components, by the descriptors in config.yml. */
export class MicroserviceFactory extends Factory {
    constructor() {
        super();
        const descriptor = (/** @type {string} */ type, /** @type {string} */ kind) =>
            new Descriptor('microservice', type, kind, '*', '1.0');
        this.registerAsType(descriptor('catalog', 'slow'), ProductCatalog);
        this.registerAsType(descriptor('products', 'cached'), Products);
        this.registerAsType(descriptor('job', 'nightly'), NightlyJob);
        this.registerAsType(descriptor('controller', 'http'), HttpController);
    }
}
