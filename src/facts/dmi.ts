import { readRegularFile } from '../options/read-regular-file.ts';
import { azure } from './azure.ts';
import type { CloudProvider } from './cloud-provider.ts';
import { ec2 } from './ec2.ts';
import { google } from './google.ts';

const DIRECTORY = '/sys/class/dmi/id';

/** Microsoft gives its virtual machines in Azure, and no others, this asset tag. */
const AZURE_ASSET_TAG = '7783-7084-3265-9085-8269-3286-77';

/** Returns the cloud that this machine's DMI strings name; undefined when they name none. */
export function providerByDmi(): CloudProvider | undefined {
  if (dmi('sys_vendor') === 'Amazon EC2' || dmi('bios_version').endsWith('amazon')) return ec2;
  if (dmi('product_name') === 'Google Compute Engine') return google;
  if (dmi('chassis_asset_tag') === AZURE_ASSET_TAG) return azure;
  return undefined;
}

function dmi(name: string): string {
  try {
    return readRegularFile(`${DIRECTORY}/${name}`, 1).toString('utf8').trim();
  } catch {
    return '';
  }
}
