//! Schedule groups in the stack's stand-in of AWS, made for one test.

use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::types::{FlexibleTimeWindow, FlexibleTimeWindowMode, Target};

use super::aws::sdk_config;
use super::{endpoint, unique};

/// A group of its own for one test.
pub(crate) struct Schedules {
    pub(crate) client: Client,
    pub(crate) group: String,
}

impl Schedules {
    /// An empty group; `None` where there is no stack.
    pub(crate) async fn new() -> Option<Self> {
        let client = Client::new(&sdk_config(&endpoint("aws")?));
        let group = unique("contract");
        client
            .create_schedule_group()
            .name(&group)
            .send()
            .await
            .expect("a group");
        Some(Self { client, group })
    }

    /// Makes a schedule that is far away.
    pub(crate) async fn put(&self, name: &str) {
        let once = FlexibleTimeWindow::builder()
            .mode(FlexibleTimeWindowMode::Off)
            .build()
            .expect("a window");
        let target = Target::builder()
            .arn("arn:aws:sqs:us-east-1:000000000000:nowhere")
            .role_arn("arn:aws:iam::000000000000:role/nobody")
            .build()
            .expect("a target");
        self.client
            .create_schedule()
            .group_name(&self.group)
            .name(name)
            .schedule_expression("at(2099-01-01T00:00:00)")
            .flexible_time_window(once)
            .target(target)
            .send()
            .await
            .expect("a schedule");
    }

    /// The names of the schedules, in order.
    pub(crate) async fn all(&self) -> Vec<String> {
        let listed = self
            .client
            .list_schedules()
            .group_name(&self.group)
            .send()
            .await
            .expect("the scheduler answers");
        let mut names: Vec<_> = listed
            .schedules
            .into_iter()
            .filter_map(|schedule| schedule.name)
            .collect();
        names.sort();
        names
    }
}
