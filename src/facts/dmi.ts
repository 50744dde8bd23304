import { readRegularFile } from '../options/read-regular-file.ts';
import { Azure } from './azure.ts';
import type { CloudProviderClass } from './cloud-provider.ts';
import { Ec2 } from './ec2.ts';
import { Google } from './google.ts';

const DIRECTORY = '/sys/class/dmi/id';

/** The asset tag of all virtual machines in Azure, and of no others. */
const AZURE_ASSET_TAG = '7783-7084-3265-9085-8269-3286-77';

/** Returns the cloud that this machine's DMI strings name; undefined when they name none. */
export function providerByDmi(): CloudProviderClass | undefined {
  if (dmi('sys_vendor') === 'Amazon EC2' || dmi('bios_version').endsWith('amazon')) return Ec2;
  if (dmi('product_name') === 'Google Compute Engine') return Google;
  if (dmi('chassis_asset_tag') === AZURE_ASSET_TAG) return Azure;
  return undefined;
}

function dmi(name: string): string {
  try {
    return readRegularFile(`${DIRECTORY}/${name}`, 1).toString('utf8').trim();
  } catch {
    return '';
  }
}
