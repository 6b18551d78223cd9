//! How far the search for rows that others have marked is: one item for each collection.

use aws_sdk_dynamodb::types::AttributeValue;

use super::{DynamoDeletions, ItemError, STORE, check_version, item, keys, known, unusable};
use crate::dynamo::Item;
use crate::sdk_error::dependency_error;
use domain::adoption::Adoption;
use domain::collection::CollectionName;
use ports::{DependencyError, StoreAdoptions};

const OPERATION: &str = "remember how far a search is";

impl StoreAdoptions for DynamoDeletions {
    async fn adoption(&self, collection: &CollectionName) -> Result<Adoption, DependencyError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.control)
            .set_key(Some(keys::key(keys::adoption(collection), keys::ADOPTION)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| dependency_error(STORE, OPERATION, error))?;
        let read = answer.item.as_ref().map(read).transpose();
        Ok(read.map_err(unusable(OPERATION))?.unwrap_or_default())
    }

    async fn store_adoption(
        &self,
        collection: &CollectionName,
        adoption: &Adoption,
    ) -> Result<(), DependencyError> {
        let text = serde_json::to_string(adoption)
            .map_err(|error| DependencyError::refused(STORE, OPERATION, error))?;
        let mut stored = item(keys::adoption(collection), keys::ADOPTION.to_owned());
        stored.insert(keys::BODY.to_owned(), AttributeValue::S(text));
        self.client
            .put_item()
            .table_name(&self.control)
            .set_item(Some(stored))
            .condition_expression("attribute_not_exists(pk) OR v <= :known")
            .expression_attribute_values(":known", known())
            .send()
            .await
            .map_err(|error| dependency_error(STORE, OPERATION, error))?;
        Ok(())
    }
}

fn read(item: &Item) -> Result<Adoption, ItemError> {
    check_version(item)?;
    let text = item.get(keys::BODY).and_then(|body| body.as_s().ok());
    let text = text.ok_or_else(|| ItemError::malformed(keys::ADOPTION, "no body"))?;
    serde_json::from_str(text).map_err(|error| ItemError::malformed(keys::ADOPTION, error))
}
