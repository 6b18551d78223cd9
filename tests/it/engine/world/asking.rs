//! What a caller asks of a deletion, in a test's world.

use domain::deletion::{Action, Deletion, State};
use domain::tags::Tags;
use requests::act::{ActError, ActRequest, act};
use testing::Faults;

use crate::engine::world::{World, admin};

impl World {
    /// Asks for something as an admin of the tenant; nothing disturbs it.
    pub(crate) async fn act(
        &self,
        deletion: &Deletion,
        action: Action,
    ) -> Result<Deletion, ActError> {
        self.act_disturbed(&self.faults(), deletion, action).await
    }

    /// As [`act`](Self::act), disturbed by this script.
    pub(crate) async fn act_disturbed(
        &self,
        faults: &Faults,
        deletion: &Deletion,
        action: Action,
    ) -> Result<Deletion, ActError> {
        let request = ActRequest {
            principal: &admin(),
            id: deletion.id,
            action,
            once: None,
            tags: Tags::Unasked,
        };
        let acted = act(&self.api(faults), &request).await?;
        Ok(*acted.deletion)
    }

    /// Asks for something that is refused, and answers the state that the refusal tells.
    pub(crate) async fn refused(&self, deletion: &Deletion, action: Action) -> State {
        match self.act(deletion, action).await {
            Err(ActError::InvalidState(stands, _)) => stands.state,
            other => panic!("{} is not refused: {other:?}", action.as_str()),
        }
    }

    /// Asks, and lets everything come to rest; answers what stands then.
    pub(crate) async fn act_and_rest(&self, deletion: &Deletion, action: Action) -> Deletion {
        self.act(deletion, action).await.expect("it applies");
        self.come_to_rest().await;
        self.now(deletion)
    }
}
