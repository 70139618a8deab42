import { CORE_SCHEMA, binaryTag, loadAll, mergeTag, omapTag, pairsTag, setTag, timestampTag } from 'js-yaml';
import { ConfigParams, type IContext } from 'pip-services4-components-node';
import { FileConfigReader } from './FileConfigReader';

/**
 * The tags of js-yaml 4, which the framework's own package uses. The default schema of js-yaml 5
 * has neither merge keys (`<<`) nor dates.
 */
const schema = CORE_SCHEMA.withTags(mergeTag, timestampTag, binaryTag, omapTag, pairsTag, setTag);

/** Parses the text. `load` of js-yaml 5 rejects an empty file, which is valid here. */
function parse(text: string): unknown {
    const documents = loadAll(text, { schema });
    if (documents.length > 1) throw new Error('expected one YAML document, found several');
    return documents[0] ?? null;
}

/** A reader of YAML files with mustache variables (see `renderMustache`). */
export class YamlConfigReader extends FileConfigReader {
    /**
     * Returns a map, a list, or null for an empty file.
     * @throws ConfigException NO_PATH, FileException READ_FAILED
     */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    public readObject(context: IContext | null, parameters: ConfigParams | null): any {
        return this.readParsed(context, parameters, parse);
    }

    // eslint-disable-next-line @typescript-eslint/require-await -- a failure is a rejection
    public async readConfig(context: IContext | null, parameters: ConfigParams | null): Promise<ConfigParams> {
        return ConfigParams.fromValue(this.readObject(context, parameters));
    }

    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    public static readObject(context: IContext | null, path: string, parameters: ConfigParams | null): any {
        return new YamlConfigReader(path).readObject(context, parameters);
    }

    public static readConfig(context: IContext | null, path: string, parameters: ConfigParams | null): ConfigParams {
        return ConfigParams.fromValue(YamlConfigReader.readObject(context, path, parameters));
    }
}
