import { z } from "zod";
import type { ApiAnswer, ApiRequest, ProviderState } from "./api.ts";
import { fault } from "./faults.ts";

/** How a test in another process sets an emulated provider up: `POST /control/<what>`, and `GET /control/accounts?project=`. */

const settings = z.strictObject({
  newKeyDelayMs: z.int().min(0).optional(),
  refuseNewKeys: z.boolean().optional(),
});
const key = z.strictObject({ value: z.string().min(1), status: z.enum(["valid", "revoked", "expired"]) });
const admin = z.strictObject({ value: z.string().min(1), valid: z.boolean(), mayManage: z.boolean() });

export function controlApi(state: ProviderState, { method, url, body }: ApiRequest): ApiAnswer {
  switch (`${method} ${url.pathname}`) {
    case "GET /control/accounts":
      return { status: 200, body: state.keys.accounts(url.searchParams.get("project") ?? "") };
    case "POST /control/faults":
      state.faults.add(fault.parse(body));
      return { status: 204 };
    case "DELETE /control/faults":
      state.faults.clear();
      return { status: 204 };
    case "POST /control/settings":
      Object.assign(state, settings.parse(body));
      return { status: 204 };
    case "POST /control/keys": {
      const { value, status } = key.parse(body);
      if (status === "valid") state.keys.putKey(value);
      else state.keys.mark(value, status);
      return { status: 204 };
    }
    case "POST /control/admins": {
      const { value, ...rights } = admin.parse(body);
      state.keys.putAdmin(value, rights);
      return { status: 204 };
    }
    default:
      return { status: 404 };
  }
}
