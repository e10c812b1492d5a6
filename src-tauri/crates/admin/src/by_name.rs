//! The operations by name, for a door that knows only JSON: the command line when no gateway runs.

use std::sync::Arc;

use serde_json::Value;

use crate::{OperationFault, Sluice};

/// Performs the named operation of the table.
pub async fn perform(sluice: &Arc<Sluice>, name: &str, request: Value) -> Result<Value, OperationFault> {
    macro_rules! arms {
        ($($operation:ident($request:ty) -> $reply:ty;)*) => {
            match name {
                $(stringify!($operation) => {
                    let request = serde_json::from_value(request)
                        .map_err(|error| OperationFault::invalid(format!("the request cannot be understood: {error}")))?;
                    let reply = crate::$operation(sluice, request).await?;
                    serde_json::to_value(reply).map_err(|error| OperationFault::failed(error.to_string()))
                })*
                _ => Err(OperationFault::not_found(format!("there is no operation {name:?}"))),
            }
        };
    }
    crate::operations!(arms)
}
