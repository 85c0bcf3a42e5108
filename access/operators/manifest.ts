import type { Settings } from "../../config/schema.ts";

/** A Kubernetes object as it is applied. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** API group of roles and bindings. */
export const RBAC = "rbac.authorization.k8s.io";

type DeclaredSubjects = NonNullable<NonNullable<Settings["operators"]>["kubernetes"]>;

/** Whom the API server takes for an operator. */
export type ClusterSubject = NonNullable<DeclaredSubjects["deployer"]>;

/** A service account's full name is a user's to RBAC. */
export function rbacSubject(subject: ClusterSubject) {
  return "group" in subject
    ? { apiGroup: RBAC, kind: "Group", name: subject.group }
    : { apiGroup: RBAC, kind: "User", name: subject.user };
}
